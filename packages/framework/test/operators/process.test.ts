import assert from 'node:assert/strict';
import {
  ContextualProcessor,
  ProcessingError,
  StreamRecord,
  type FixedKeyProcessor,
  type FixedKeyProcessorContext,
  type FixedKeyRecord,
} from '../../dist/index.js';
import { drive } from './drive.js';

class Twice extends ContextualProcessor<string, string, string, string> {
  override process(record: StreamRecord<string, string>): void {
    void this.context.forward(record.withKey(record.value));
    void this.context.forward(record.withTimestamp(record.timestamp + 1));
  }
}

/** Keeps the last record and forwards it again at each tick. */
class Repeat implements FixedKeyProcessor<string, string, number> {
  #context: FixedKeyProcessorContext<string, number> | undefined;
  #last: FixedKeyRecord<string, number> | undefined;
  isClosed = false;

  init(context: FixedKeyProcessorContext<string, number>): void {
    this.#context = context;
    context.schedule(10, 'wall-clock', () => this.#last && context.forward(this.#last));
  }

  process(record: FixedKeyRecord<string, string>): void | Promise<void> {
    this.#last = record.withValue(record.value.length);
    return this.#context?.forward(this.#last);
  }

  close(): void {
    this.isClosed = true;
  }
}

describe('process and processValues', () => {
  it('should forward what a processor makes of a record', async () => {
    const { input, output } = drive((stream) => stream.process(() => new Twice()).to('out'));
    await input.pipe('k', 'v', { timestamp: 5 });
    assert.deepEqual(
      output.readAll().map(({ key, value, timestamp }) => [key, value, timestamp]),
      [
        ['v', 'v', 5],
        ['k', 'v', 6],
      ],
    );
  });

  it('should let a fixed-key processor change values, also later, and close it', async () => {
    const made: Repeat[] = [];
    const { driver, input, output } = drive((stream) =>
      stream
        .processValues(() => {
          const processor = new Repeat();
          made.push(processor);
          return processor;
        })
        .mapValues(String)
        .to('out'),
    );
    await input.pipe('k', 'abc');
    await driver.advanceWallClock(10);
    assert.deepEqual(output.readKeyValues(), [
      ['k', '3'],
      ['k', '3'],
    ]);
    driver.close();
    assert.ok(made.some((processor) => processor.isClosed));
  });

  it('should refuse a record with another key, however it was made', async () => {
    const attempts: ((record: FixedKeyRecord<string, string>) => unknown)[] = [
      (record) => record.withKey(),
      // A program without type checks can forward a record of its own.
      (record) => new StreamRecord('other', record.value, record.timestamp),
    ];
    for (const attempt of attempts) {
      let context: FixedKeyProcessorContext<string, string> | undefined;
      const { input } = drive((stream) =>
        stream
          .processValues<string>(() => ({
            init: (given) => void (context = given),
            process: (record) => context?.forward(attempt(record) as FixedKeyRecord<string, string>),
          }))
          .to('out'),
      );
      await assert.rejects(input.pipe('k', 'v'), (error) => {
        assert.ok(error instanceof ProcessingError);
        assert.match(error.message, /processValues\(\)/);
        assert.match(error.message, /Use process\(\)/);
        return true;
      });
    }
  });

  it('should tell a fixed-key processor all that a processor knows', async () => {
    const seen: unknown[] = [];
    let context: FixedKeyProcessorContext<string, string> | undefined;
    const { input } = drive((stream) =>
      stream.processValues<string>(
        () => ({
          init: (given) => void (context = given),
          process: () => {
            assert.ok(context);
            seen.push(context.applicationId, context.taskId.toString(), context.nodeName);
            seen.push(context.recordMetadata(), context.currentStreamTimeMs(), context.currentSystemTimeMs());
            context.commit();
          },
        }),
        { name: 'look' },
      ),
    );
    await input.pipe('k', 'v', { timestamp: 9 });
    assert.deepEqual(seen, ['test', '0_0', 'look', { topic: 'in', partition: 0, offset: 0 }, 9, 0]);
  });
});
