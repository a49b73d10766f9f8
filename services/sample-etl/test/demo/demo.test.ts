import assert from 'node:assert/strict';
import { Demo } from '../../dist/demo/demo.js';
import type { DemoOptions } from '../../dist/demo/demo-options.js';
import { Terminal } from '../../dist/demo/terminal.js';

const OPTIONS: DemoOptions = { flights: '2k', processes: 1, inMemory: true };

describe('Demo', () => {
  it('should run the whole way in memory, and find that the counts agree', async () => {
    const { text, terminal } = capture();
    assert.equal(await new Demo(OPTIONS, terminal, new AbortController().signal).run(), true, text());
    assert.match(text(), /the in-memory Kafka of this process/);
    assert.match(text(), /2,000 records in 6 partitions .*; 80 made cancelled, 8 spoiled on purpose/);
    assert.match(text(), /late +flights-late +431 +431 +0 +[\d,]+ +431 {2}agrees/);
    assert.match(text(), /all +flights +2,000 +1,992 +8 +[\d,]+ +2,000 {2}agrees/);
    assert.match(text(), /unreadable .* <- .*: /);
    assert.match(text(), /The counts agree/);
    assert.match(text(), /airport +flights +mean delay/);
    assert.match(text(), /The delays agree: .* at each of the \d+ airports/);
  }).timeout(30_000);

  it('should stop when it is interrupted', async () => {
    const { terminal } = capture();
    const abort = new AbortController();
    const run = new Demo(OPTIONS, terminal, abort.signal).run();
    abort.abort(new Error('interrupted'));
    await assert.rejects(run, /interrupted/);
  });
});

function capture(): { text: () => string; terminal: Terminal } {
  const chunks: string[] = [];
  const write = (chunk: string | Uint8Array): boolean => {
    chunks.push(String(chunk));
    return true;
  };
  return { text: () => chunks.join(''), terminal: new Terminal({ write, isTTY: false }, {}) };
}
