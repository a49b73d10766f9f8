import { parseArgs } from 'node:util';
import { oneOf, positiveInteger, readingArguments } from '../common/options.js';

export const CASES = ['stateless', 'aggregate-memory', 'aggregate-lmdb', 'restore-memory', 'restore-lmdb'] as const;
export type ProfileCase = (typeof CASES)[number];

export interface ProfileOptions {
  readonly cases: readonly ProfileCase[];
  /** Input records of each case, or keys of the changelogs. */
  readonly records: number;
  /** Functions named for each case. */
  readonly top: number;
}

const USAGE = `options:
  --cases LIST       of ${CASES.join(',')} (default: all)
  --records N        input records of each case, or keys to restore (default 1_000_000)
  --top N            functions named for each case (default 10)

Kafka: the cluster of KAFKA_BOOTSTRAP_SERVERS, or a broker that is started for the run.`;

/** Reads the command line; prints the usage and ends the process if it cannot be understood. */
export function readProfileOptions(args: readonly string[] = process.argv.slice(2)): ProfileOptions {
  return readingArguments(USAGE, () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        cases: { type: 'string', default: CASES.join(',') },
        records: { type: 'string', default: '1_000_000' },
        top: { type: 'string', default: '10' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    return {
      cases: values.cases.split(',').map((text) => oneOf('--cases', CASES, text)),
      records: positiveInteger('--records', values.records),
      top: positiveInteger('--top', values.top),
    };
  });
}
