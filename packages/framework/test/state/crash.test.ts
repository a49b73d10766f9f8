import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KeyValueStore } from '../../dist/state/stores/key-value-store.js';
import { KEYS, openState, STORES } from './crash-child.js';
import { removeTemporaryDirectories, temporaryDirectory } from './state-harness.js';

const CHILD = fileURLToPath(new URL('./crash-child.js', import.meta.url));

/** Starts a process that writes without pause and kills it some time after a number of rounds. */
async function writeUntilKilled(path: string, rounds: number, delayMs: number): Promise<void> {
  const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  let seen = 0;
  child.stdout.on('data', (dots: Buffer) => {
    if (seen < rounds && seen + dots.length >= rounds) setTimeout(() => child.kill('SIGKILL'), delayMs);
    seen += dots.length;
  });
  const [, signal] = await exit;
  assert.equal(signal, 'SIGKILL');
}

describe('state of a process that is killed', () => {
  after(removeTemporaryDirectories);

  it('should hold exactly the entries of the offset it names, in all stores', async () => {
    const path = join(temporaryDirectory(), '0_0');
    let last = 0;
    for (let run = 0; run < 6; run++) {
      await writeUntilKilled(path, 1 + (run % 3), (run * 7) % 20);
      const { directory, state } = openState(path);
      if (run > 0) assert.equal(directory.status, 'kept', directory.damage);
      const round = state.changelogOffset('first') ?? 0;
      assert.equal(state.changelogOffset('second') ?? 0, round);
      assert.ok(round >= last, 'an offset never goes back');
      for (const name of STORES) {
        const entries = [...(state.store(name) as KeyValueStore<string, string>).all()];
        assert.equal(entries.length, round === 0 ? 0 : KEYS);
        for (const [key, value] of entries) assert.equal(parseInt(value, 10), round, `${name} ${key}`);
      }
      last = round;
      state.close(false);
      directory.close(false);
    }
    assert.ok(last >= 12, `${last} rounds`);
  }).timeout(120_000);
});
