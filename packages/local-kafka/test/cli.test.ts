import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePorts } from '../dist/free-ports.js';
import { requestApiVersions } from '../dist/wire-client.js';

const CLI = fileURLToPath(new URL('../bin/millrace-kafka.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('millrace-kafka', () => {
  let stateHome: string;

  before(async () => {
    stateHome = await mkdtemp(join(tmpdir(), 'millrace-state-'));
  });

  after(() => rmSync(stateHome, { recursive: true }));

  const run = (...args: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const env = { ...process.env, XDG_STATE_HOME: stateHome };
      execFile(process.execPath, [CLI, ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });

  it('should start, tell its status, and stop', async () => {
    const [port = 0] = await findFreePorts(1);
    const started = await run('start', '--port', String(port));
    assert.equal(started.code, 0, started.stderr);
    assert.match(started.stdout, new RegExp(`runs at 127.0.0.1:${port}\n`));
    const directory = /data and logs in (\S+)/.exec(started.stdout)?.[1] ?? '';
    assert.ok((await requestApiVersions('127.0.0.1', port, 5000)) > 30);

    const status = await run('status');
    assert.equal(status.code, 0);
    assert.match(status.stdout, new RegExp(`runs at 127.0.0.1:${port}\n`));
    const again = await run('start');
    assert.equal(again.code, 0);
    assert.match(again.stdout, /runs already/);

    const stopped = await run('stop');
    assert.equal(stopped.code, 0);
    await assert.rejects(requestApiVersions('127.0.0.1', port, 5000));
    assert.equal(existsSync(directory), false);
    assert.equal((await run('status')).code, 1);
    assert.match((await run('stop')).stdout, /No local Kafka runs/);
  });

  it('should say why a start in the background failed, and end', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const ended = await run('start', '--port', String(address.port));
    server.close();
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, new RegExp(`^PORT_IN_USE: Port ${address.port} `));
    const foreground = await run('start', '--foreground', '--brokers', '0');
    assert.equal(foreground.code, 1);
    assert.match(foreground.stderr, /^INVALID_OPTION: /);
  });

  it('should refuse what it does not know with its usage and exit code 2', async () => {
    for (const args of [[], ['strat'], ['start', '--borkers', '3'], ['start', '--port', 'x'], ['stop', 'now']]) {
      const ended = await run(...args);
      assert.equal(ended.code, 2, args.join(' '));
      assert.match(ended.stderr, /millrace-kafka start \[--brokers N\]/);
    }
  });
});
