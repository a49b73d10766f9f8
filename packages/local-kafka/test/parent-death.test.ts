import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isFree } from '../dist/free-ports.js';
import { isAlive } from '../dist/install-lock.js';
import { waitFor } from './wait-for.js';

const PROGRAM = fileURLToPath(new URL('./fixtures/start-and-hang.js', import.meta.url));

interface Started {
  readonly broker: number;
  readonly port: number;
  readonly directory: string;
}

describe('a program that started a Kafka', () => {
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
    it(`should leave neither broker nor data behind when it ends by ${signal}`, async () => {
      const program = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = (await once(createInterface({ input: program.stdout }), 'line')) as [string];
      const started = JSON.parse(line) as Started;
      assert.equal(isAlive(started.broker), true);
      assert.equal(existsSync(started.directory), true);

      program.kill(signal);
      await once(program, 'exit');
      await waitFor(() => !isAlive(started.broker));
      await waitFor(() => !existsSync(started.directory));
      assert.equal(await isFree(started.port), true);
    });
  }
});
