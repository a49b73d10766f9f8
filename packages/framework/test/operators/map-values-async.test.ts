import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConfigError, DeferredProcessingError, type ProcessingHandler } from '../../dist/index.js';
import { drive, later, type Driven, type TextStream } from './drive.js';

/** Feeds all records before the first is processed. */
async function pipeTogether(driven: Driven, values: readonly string[]): Promise<void> {
  await Promise.all(values.map((value, index) => driven.input.pipe('k', value, { timestamp: index })));
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await later(undefined);
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `v${index}`);
}

describe('mapValuesAsync', () => {
  it('should keep the order of records and never have more than maxInFlight under way', async () => {
    const plan = fc.record({
      delays: fc.array(fc.nat({ max: 6 }), { maxLength: 40 }),
      maxInFlight: fc.integer({ min: 1, max: 8 }),
      secondMaxInFlight: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ delays, maxInFlight, secondMaxInFlight }) => {
        let underWay = 0;
        let most = 0;
        const driven = drive((stream) =>
          stream
            .mapValuesAsync(
              async (value) => {
                most = Math.max(most, ++underWay);
                await turns(delays[Number(value.slice(1))] ?? 0);
                underWay--;
                return `${value}!`;
              },
              { maxInFlight },
            )
            .mapValuesAsync((value) => (value.length % 2 === 0 ? value : later(value)), {
              maxInFlight: secondMaxInFlight,
            })
            .to('out'),
        );
        const values = numbered(delays.length);
        await pipeTogether(driven, values);
        const records = driven.output.readAll();
        assert.deepEqual(
          records.map(({ value }) => value),
          values.map((value) => `${value}!`),
        );
        assert.deepEqual(
          records.map(({ timestamp }) => timestamp),
          values.map((_, index) => index),
        );
        assert.ok(most <= maxInFlight);
      }),
      { numRuns: 60 },
    );
  });

  it('should really work on several records at once', async () => {
    let underWay = 0;
    let most = 0;
    const driven = drive((stream) =>
      stream
        .mapValuesAsync(
          async (value) => {
            most = Math.max(most, ++underWay);
            await turns(3);
            underWay--;
            return value;
          },
          { maxInFlight: 5 },
        )
        .to('out'),
    );
    await pipeTogether(driven, numbered(30));
    assert.equal(most, 5);
  });

  it('should go on when promises settle while it looks for room', async () => {
    for (const maxInFlight of [1, 2, 3]) {
      const driven = drive((stream) =>
        stream.mapValuesAsync((value) => Promise.resolve(value), { maxInFlight }).to('out'),
      );
      await pipeTogether(driven, numbered(7));
      assert.deepEqual(driven.output.readValues(), numbered(7));
    }
  });

  it('should name the failed record, also when a later one failed before it', async () => {
    const driven = drive((stream) =>
      stream.mapValuesAsync(async (value) => {
        if (value === 'v1') await turns(8);
        if (value === 'v1' || value === 'v3') throw new Error(`no ${value}`);
        return value;
      }),
    );
    await assert.rejects(pipeTogether(driven, numbered(5)), (error) => {
      assert.ok(error instanceof DeferredProcessingError);
      assert.match(error.message, /KSTREAM-MAPVALUESASYNC-0000000001 threw: no v1/);
      const { position } = error;
      assert.deepEqual([position.topic, position.partition, position.offset], ['in', 0, 1]);
      assert.equal(error.record.value, 'v1');
      return true;
    });
  });

  it('should go on with the other records in order when the handler says continue', async () => {
    const failed: unknown[] = [];
    const processingHandler: ProcessingHandler = (_error, record) => {
      failed.push(record?.value);
      return 'continue';
    };
    const declare = (stream: TextStream) =>
      stream
        .mapValuesAsync(
          async (value) => {
            await turns(Number(value.slice(1)) % 3);
            if (Number(value.slice(1)) % 4 === 1) throw new Error('bad');
            return value;
          },
          { maxInFlight: 3 },
        )
        .to('out');
    const driven = drive(declare, { driver: { processingHandler } });
    await pipeTogether(driven, numbered(12));
    assert.deepEqual(failed, ['v1', 'v5', 'v9']);
    assert.deepEqual(
      driven.output.readValues(),
      numbered(12).filter((value) => !failed.includes(value)),
    );
  });

  it('should try a record again in its place when the handler says retry', async () => {
    const tries = new Map<string, number>();
    const processingHandler: ProcessingHandler = (_error, _record, attempt) => (attempt < 3 ? 'retry' : 'fail');
    const declare = (stream: TextStream) =>
      stream
        .mapValuesAsync(async (value) => {
          const attempt = (tries.get(value) ?? 0) + 1;
          tries.set(value, attempt);
          await later(undefined);
          if (value === 'v2' && attempt < 3) throw new Error('not yet');
          return `${value}/${attempt}`;
        })
        .to('out');
    const driven = drive(declare, { driver: { processingHandler } });
    await pipeTogether(driven, numbered(5));
    assert.deepEqual(driven.output.readValues(), ['v0/1', 'v1/1', 'v2/3', 'v3/1', 'v4/1']);
  });

  it('should fail the record in hand when the function throws at once', async () => {
    const { input, output } = drive(
      (stream) =>
        stream
          .mapValuesAsync((value) => {
            if (value === 'bad') throw new Error('at once');
            return value;
          })
          .to('out'),
      { driver: { processingHandler: () => 'continue' } },
    );
    for (const value of ['a', 'bad', 'b']) await input.pipe('k', value);
    assert.deepEqual(output.readValues(), ['a', 'b']);
  });

  it('should refuse a maxInFlight that is no whole number of at least 1', () => {
    drive((stream) => {
      for (const maxInFlight of [0, -1, 1.5, Number.NaN]) {
        assert.throws(() => stream.mapValuesAsync((value) => value, { maxInFlight }), ConfigError);
      }
    });
  });
});
