import { parseArgs } from 'node:util';

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
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        cases: { type: 'string', default: CASES.join(',') },
        records: { type: 'string', default: '1_000_000' },
        top: { type: 'string', default: '10' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) endWithUsage(0);
    return {
      cases: values.cases.split(',').map(readCase),
      records: positiveInteger('--records', values.records),
      top: positiveInteger('--top', values.top),
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return endWithUsage(2);
  }
}

function readCase(text: string): ProfileCase {
  const found = CASES.find((candidate) => candidate === text);
  if (found === undefined) throw new Error(`--cases takes ${CASES.join(', ')}, not '${text}'.`);
  return found;
}

function positiveInteger(option: string, text: string): number {
  const number = Number(text.replaceAll('_', ''));
  if (Number.isInteger(number) && number >= 1) return number;
  throw new Error(`${option} must be a whole number from 1 on, not '${text}'.`);
}

function endWithUsage(exitCode: number): never {
  console.error(USAGE);
  process.exit(exitCode);
}
