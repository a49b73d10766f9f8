import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DirectoryLock, isLocked, LOCK_FILE } from '../../../dist/state/directory/directory-lock.js';
import { currentProcess, processLives } from '../../../dist/state/directory/process-identity.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../state-harness.js';

const LOCK_MODULE = new URL('../../../dist/state/directory/directory-lock.js', import.meta.url).href;

/** A process that locks a directory, says so, and lives until it is killed. */
async function lockingProcess(directory: string): Promise<ChildProcess> {
  const script = `
    const { DirectoryLock } = await import(${JSON.stringify(LOCK_MODULE)});
    try {
      DirectoryLock.acquire(${JSON.stringify(directory)}, Date.now());
      process.stdout.write('locked\\n');
    } catch (error) {
      process.stdout.write(error.code + '\\n');
    }
    setInterval(() => {}, 1 << 30);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  child.emit('said', String(said).trim());
  Object.assign(child, { said: String(said).trim() });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('DirectoryLock', () => {
  afterEach(removeTemporaryDirectories);

  it('should name the process that holds it, and be free when that is killed', async () => {
    const directory = temporaryDirectory();
    const child = await lockingProcess(directory);
    assert.equal(isLocked(directory, Date.now()), true);
    assert.throws(() => DirectoryLock.acquire(directory, Date.now()), {
      code: 'STATE_DIRECTORY_LOCKED',
      message: new RegExp(`process ${child.pid} on ${hostname()}`),
    });
    await kill(child);
    assert.equal(isLocked(directory, Date.now()), false);
    const lock = DirectoryLock.acquire(directory, Date.now());
    lock.release();
    lock.release();
    assert.deepEqual(readdirSync(directory), []);
  }).timeout(20_000);

  it('should go to exactly one of several processes that find a dead lock', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, LOCK_FILE), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), token: 'dead' }));
    const children = await Promise.all(Array.from({ length: 4 }, () => lockingProcess(directory)));
    const said = children.map((child) => (child as ChildProcess & { said: string }).said);
    assert.deepEqual(said.sort(), [
      'STATE_DIRECTORY_LOCKED',
      'STATE_DIRECTORY_LOCKED',
      'STATE_DIRECTORY_LOCKED',
      'locked',
    ]);
    assert.deepEqual(readdirSync(directory), [LOCK_FILE]);
    await Promise.all(children.map(kill));
  }).timeout(30_000);

  it('should not be fooled by a new process with the pid of the dead one', function () {
    const self = currentProcess();
    if (self.startTicks === undefined) assert.equal(process.platform === 'linux', false);
    else assert.equal(processLives({ ...self, startTicks: '1' }), false);
    assert.equal(processLives(self), true);
    if (self.bootId !== undefined) assert.equal(processLives({ ...self, bootId: 'another' }), false);
  });

  it('should trust a lock of another host while it is touched', () => {
    const directory = temporaryDirectory();
    const nowMs = Date.now();
    const path = join(directory, LOCK_FILE);
    writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', token: 'x' }));
    utimesSync(path, nowMs / 1000, nowMs / 1000);
    assert.throws(() => DirectoryLock.acquire(directory, nowMs + 59_000), { code: 'STATE_DIRECTORY_LOCKED' });
    const lock = DirectoryLock.acquire(directory, nowMs + 61_000);
    assert.match(readFileSync(path, 'utf8'), new RegExp(`"pid":${process.pid}`));
    lock.touch(nowMs + 100_000);
    lock.release();
  });

  it('should take over where a process died while it took over', () => {
    const directory = temporaryDirectory();
    const dead = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), token: 'dead' });
    writeFileSync(join(directory, LOCK_FILE), dead);
    writeFileSync(join(directory, `${LOCK_FILE}.takeover`), dead);
    DirectoryLock.acquire(directory, Date.now()).release();
    assert.deepEqual(readdirSync(directory), []);
  });
});
