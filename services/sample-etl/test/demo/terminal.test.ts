import assert from 'node:assert/strict';
import { formatCount, formatSeconds, Terminal } from '../../dist/demo/terminal.js';

describe('Terminal', () => {
  it('should print plain progress lines without a terminal, one per quarter', () => {
    const { text, terminal } = capture(false);
    terminal.step('Service', 'runs');
    for (let share = 0; share <= 1; share += 0.05) terminal.progress(share, `at ${Math.round(share * 100)}`);
    terminal.progress(1, 'done');
    assert.equal(text.join(''), text.join('').replaceAll('\u001b', ''));
    assert.equal(text.length, 5);
    assert.match(text.at(-1) ?? '', /100 % {2}/);
  });

  it('should use colours and one moving line on a terminal, and no colours with NO_COLOR', () => {
    const coloured = capture(true);
    coloured.terminal.progress(0.5, 'half');
    coloured.terminal.line('next');
    assert.ok(coloured.text.join('').includes('\u001b[32m##############\u001b[0m'));
    assert.match(coloured.text.join(''), /half\nnext\n$/);
    const plain = capture(true, { NO_COLOR: '1' });
    assert.equal(plain.terminal.paint('green', 'yes'), 'yes');
  });

  it('should write figures for people', () => {
    assert.equal(formatCount(1_234_567.4), '1,234,567');
    assert.equal(formatSeconds(4210), '4.2 s');
  });
});

function capture(isTTY: boolean, environment: Record<string, string> = {}): { text: string[]; terminal: Terminal } {
  const text: string[] = [];
  const write = (chunk: string | Uint8Array): boolean => {
    text.push(String(chunk));
    return true;
  };
  return { text, terminal: new Terminal({ write, isTTY }, environment) };
}
