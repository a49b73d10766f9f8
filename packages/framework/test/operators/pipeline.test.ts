import assert from 'node:assert/strict';
import fc from 'fast-check';
import { drive, later, type TextStream } from './drive.js';

type Pair = readonly [key: string, value: string];

/** An operator, and what it does to a list of records. */
interface Step {
  readonly apply: (stream: TextStream) => TextStream;
  readonly model: (records: readonly Pair[]) => readonly Pair[];
}

const isEven = (value: string) => value.length % 2 === 0;

const steps: Readonly<Record<string, Step>> = {
  filter: {
    apply: (stream) => stream.filter(isEven),
    model: (records) => records.filter(([, value]) => isEven(value)),
  },
  slowFilterNot: {
    apply: (stream) => stream.filterNot((value) => later(isEven(value))),
    model: (records) => records.filter(([, value]) => !isEven(value)),
  },
  mapValues: {
    apply: (stream) => stream.mapValues((value, key) => value + key),
    model: (records) => records.map(([key, value]) => [key, value + key]),
  },
  slowMap: {
    apply: (stream) => stream.map(async (value, key) => later([value, key] as const)),
    model: (records) => records.map(([key, value]) => [value, key]),
  },
  flatMapValues: {
    apply: (stream) => stream.flatMapValues((value) => [value, `${value}2`]),
    model: (records) =>
      records.flatMap(([key, value]) => [
        [key, value],
        [key, `${value}2`],
      ]),
  },
  mapValuesAsync: {
    apply: (stream) =>
      stream.mapValuesAsync(async (value) => (isEven(value) ? later(`${value}a`) : `${value}a`), { maxInFlight: 3 }),
    model: (records) => records.map(([key, value]) => [key, `${value}a`]),
  },
  selectKey: {
    apply: (stream) => stream.selectKey((value) => value.slice(0, 1)),
    model: (records) => records.map(([, value]) => [value.slice(0, 1), value]),
  },
  repartition: {
    apply: (stream) => stream.repartition(),
    model: (records) => records,
  },
  split: {
    apply: (stream) => {
      const { even, odd } = stream.split().branch(isEven, { name: 'even' }).defaultBranch({ name: 'odd' });
      return even.mapValues((value) => `${value}e`).merge(odd);
    },
    model: (records) => records.map(([key, value]) => [key, isEven(value) ? `${value}e` : value]),
  },
};

describe('A pipeline of operators', () => {
  it('should do to a stream what the same steps do to a list, in the same order', async () => {
    const names = fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 6 });
    const inputs = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'cc'), fc.string({ maxLength: 4 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(names, inputs, async (chosen, records) => {
        const path = chosen.map((name) => steps[name]).filter((step) => step !== undefined);
        const { input, output } = drive((stream) =>
          path.reduce((before, step) => step.apply(before), stream).to('out'),
        );
        await Promise.all(records.map(([key, value], index) => input.pipe(key, value, { timestamp: index })));
        const expected = path.reduce<readonly Pair[]>((before, step) => step.model(before), records);
        assert.deepEqual(output.readKeyValues(), expected);
      }),
      { numRuns: 150 },
    );
  });
});
