import { parseArgs } from 'node:util';
import { oneOf, positiveInteger, readingArguments } from '../common/options.js';

export const PARTS = ['aggregate', 'restore', 'store', 'pause'] as const;
export type Part = (typeof PARTS)[number];

export interface StateBenchmarkOptions {
  readonly parts: readonly Part[];
  /** Input records of `aggregate`. */
  readonly records: number;
  readonly rounds: number;
  /** Keys of `restore`, and of each task of `pause`. */
  readonly keys: number;
  /** Keys of each run of `store`. */
  readonly storeKeys: readonly number[];
  /** Some size is below its default: a trial, not a result. */
  readonly isReduced: boolean;
}

const USAGE = `options:
  --parts LIST       of ${PARTS.join(',')} (default: all)
  --records N        input records of aggregate (default 1_000_000)
  --rounds N         how often the two sides take turns (default 3)
  --keys N           keys of restore, and of each task of pause (default 1_000_000)
  --store-keys N     keys of store (default 1_000_000)
  --large            store with 10_000_000 keys, too

Kafka: the cluster of KAFKA_BOOTSTRAP_SERVERS, or a broker that is started for the run. Kafka Streams needs a JDK and Maven.`;

const FULL_SIZE = 1_000_000;
const FULL_ROUNDS = 3;
const LARGE_KEYS = 10_000_000;

/** Reads the command line; prints the usage and ends the process if it cannot be understood. */
export function readStateOptions(args: readonly string[] = process.argv.slice(2)): StateBenchmarkOptions {
  return readingArguments(USAGE, () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        parts: { type: 'string', default: PARTS.join(',') },
        records: { type: 'string', default: '1_000_000' },
        rounds: { type: 'string', default: '3' },
        keys: { type: 'string', default: '1_000_000' },
        'store-keys': { type: 'string', default: '1_000_000' },
        large: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const records = positiveInteger('--records', values.records);
    const rounds = positiveInteger('--rounds', values.rounds);
    const keys = positiveInteger('--keys', values.keys);
    const storeKeys = positiveInteger('--store-keys', values['store-keys']);
    return {
      parts: values.parts.split(',').map((text) => oneOf('--parts', PARTS, text)),
      ...{ records, rounds, keys },
      storeKeys: [storeKeys, ...(values.large ? [LARGE_KEYS] : [])],
      isReduced: Math.min(records, keys, storeKeys) < FULL_SIZE || rounds < FULL_ROUNDS,
    };
  });
}
