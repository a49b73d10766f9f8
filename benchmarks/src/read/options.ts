import { parseArgs } from 'node:util';
import type { RecordProducerOptions } from '@millrace/framework';
import { oneOf, positiveInteger, readingArguments } from '../common/options.js';

export type Compression = NonNullable<RecordProducerOptions['compression']>;

export interface ReadOptions {
  /** Records of 100 B; of 1 KB there are a quarter as many. */
  readonly records: number;
  readonly rounds: number;
  readonly compression: Compression;
  /** Where the measured processes of Node.js write CPU profiles; slows them down. */
  readonly profileDir?: string;
  /** Some size is below its default: a trial, not a result. */
  readonly isReduced: boolean;
}

const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const FULL_RECORDS = 4_000_000;
const FULL_ROUNDS = 3;
/** So that one of 1 KB is left. */
const LEAST_RECORDS = 4;

const USAGE = `options:
  --records N         records of 100 B (default 4_000_000); of 1 KB a quarter as many
  --rounds N          how often the three sides take turns (default 3)
  --compression NAME  ${COMPRESSIONS.join(', ')} (default none)
  --cpu-prof DIR      write CPU profiles of the measured Node.js processes to DIR

Kafka: the cluster of KAFKA_BOOTSTRAP_SERVERS, or a broker that is started for the run. The Java side needs a JDK and Maven.`;

/** Reads the command line; prints the usage and ends the process if it cannot be understood. */
export function readReadOptions(args: readonly string[] = process.argv.slice(2)): ReadOptions {
  return readingArguments(USAGE, () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        records: { type: 'string', default: String(FULL_RECORDS) },
        rounds: { type: 'string', default: String(FULL_ROUNDS) },
        compression: { type: 'string', default: 'none' },
        'cpu-prof': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const records = positiveInteger('--records', values.records, LEAST_RECORDS);
    const rounds = positiveInteger('--rounds', values.rounds);
    const compression = oneOf('--compression', COMPRESSIONS, values.compression);
    const profileDir = values['cpu-prof'];
    const isReduced = records < FULL_RECORDS || rounds < FULL_ROUNDS;
    return { records, rounds, compression, isReduced, ...(profileDir === undefined ? {} : { profileDir }) };
  });
}
