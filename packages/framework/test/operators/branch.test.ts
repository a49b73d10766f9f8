import assert from 'node:assert/strict';
import type { KStream } from '../../dist/index.js';
import { drive, later } from './drive.js';

type Shape = { readonly kind: 'circle'; readonly r: number } | { readonly kind: 'square'; readonly a: number };
type Circle = Extract<Shape, { kind: 'circle' }>;

const isCircle = (shape: Shape): shape is Circle => shape.kind === 'circle';

describe('split', () => {
  it('should send each record to the first branch that fits, else to the default branch', async () => {
    const { input, topic } = drive((stream) => {
      const { short, b, rest } = stream
        .split()
        .branch((value) => value.length < 2, { name: 'short' })
        .branch((value) => value.includes('b'), { name: 'b' })
        .defaultBranch({ name: 'rest' });
      short.to('short');
      b.to('b');
      rest.to('rest');
    });
    for (const value of ['b', 'ab', 'xy', 'a', 'bbb']) await input.pipe('k', value);
    assert.deepEqual(topic('short').readValues(), ['b', 'a']);
    assert.deepEqual(topic('b').readValues(), ['ab', 'bbb']);
    assert.deepEqual(topic('rest').readValues(), ['xy']);
  });

  it('should drop what fits no branch without a default branch', async () => {
    const { input, topic } = drive((stream) => {
      const branches = stream
        .split()
        .branch((value) => value === 'a')
        .branch((value) => value === 'b')
        .noDefaultBranch();
      branches['1']?.to('first');
      branches['2']?.to('second');
      assert.equal(branches['0'], undefined);
    });
    for (const value of ['a', 'b', 'c']) await input.pipe('k', value);
    assert.deepEqual(topic('first').readValues(), ['a']);
    assert.deepEqual(topic('second').readValues(), ['b']);
  });

  it('should wait for promised answers, branch by branch', async () => {
    const asked: string[] = [];
    const { input, topic } = drive((stream) => {
      const is = (letter: string) => (value: string) => {
        asked.push(`${value}:${letter}`);
        return later(value === letter);
      };
      const { a, b, c, rest } = stream
        .split()
        .branch(is('a'), { name: 'a' })
        .branch((value) => value === 'b', { name: 'b' })
        .branch(is('c'), { name: 'c' })
        .defaultBranch({ name: 'rest' });
      a.to('a');
      b.to('b');
      c.to('c');
      rest.to('rest');
    });
    for (const value of ['a', 'b', 'c', 'd']) await input.pipe('k', value);
    for (const name of ['a', 'b', 'c']) assert.deepEqual(topic(name).readValues(), [name]);
    assert.deepEqual(topic('rest').readValues(), ['d']);
    assert.deepEqual(asked, ['a:a', 'b:a', 'c:a', 'c:c', 'd:a', 'd:c']);
  });

  it('should put the stream that a branch became in its place, and leave out branches that end', async () => {
    const { input, topic } = drive((stream) => {
      const branches = stream
        .split({ name: 's-' })
        .branch((value) => value === 'a', { name: 'a', into: (branch) => branch.mapValues((value) => value.length) })
        .defaultBranch({ name: 'rest', into: (branch) => branch.to('rest') });
      const lengths: KStream<string, number> = branches.a;
      lengths.mapValues(String).to('lengths');
      assert.deepEqual(Object.keys(branches), ['a']);
    });
    for (const value of ['a', 'bb']) await input.pipe('k', value);
    assert.deepEqual(topic('lengths').readValues(), ['1']);
    assert.deepEqual(topic('rest').readValues(), ['bb']);
  });

  it('should narrow the type of values by type guards', async () => {
    const { input, topic } = drive((stream) => {
      const shapes = stream.mapValues((value) => JSON.parse(value) as Shape);
      const { circles, squares } = shapes
        .split()
        .branch(isCircle, { name: 'circles' })
        .defaultBranch({ name: 'squares' });
      const narrowed: KStream<string, Circle> = circles;
      narrowed.mapValues((circle) => String(circle.r)).to('radius');
      squares.mapValues((shape) => shape.kind).to('kinds');
      const filtered: KStream<string, Circle> = shapes.filter(isCircle);
      filtered.mapValues((circle) => String(2 * circle.r)).to('diameter');
    });
    await input.pipe('k', '{"kind":"circle","r":2}');
    await input.pipe('k', '{"kind":"square","a":3}');
    assert.deepEqual(topic('radius').readValues(), ['2']);
    assert.deepEqual(topic('kinds').readValues(), ['square']);
    assert.deepEqual(topic('diameter').readValues(), ['4']);
  });

  it('should refuse two branches of one name, and branches after the end', () => {
    const refuses = (code: string) => (error: { readonly code?: string }) => error.code === code;
    drive((stream) => {
      const split = stream.split().branch(() => true, { name: 'a' });
      assert.throws(() => split.branch(() => true, { name: 'a' }), refuses('DUPLICATE_BRANCH'));
      assert.throws(() => split.branch(() => true, { name: 'a b' }), refuses('INVALID_NAME'));
      split.defaultBranch();
      assert.throws(() => split.branch(() => true), refuses('ILLEGAL_STATE'));
    });
  });
});
