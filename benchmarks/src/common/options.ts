import { parseArgs } from 'node:util';

export interface BenchmarkOptions {
  /** Input records. Each benchmark has its own default. */
  readonly records?: number;
  /** How often the sides take turns. */
  readonly rounds?: number;
  /** Where the measured processes write CPU profiles; slows them down. */
  readonly profileDir?: string;
}

const USAGE = `options:
  --records N        input records
  --rounds N         how often the two sides take turns
  --cpu-prof DIR     write CPU profiles of the measured processes to DIR

Kafka: the cluster of KAFKA_BOOTSTRAP_SERVERS, or a broker that is started for the run.`;

/** Reads the command line; prints the usage and ends the process if it cannot be understood. */
export function readOptions(args: readonly string[] = process.argv.slice(2)): BenchmarkOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        records: { type: 'string' },
        rounds: { type: 'string' },
        'cpu-prof': { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) endWithUsage(0);
    return {
      ...(values.records === undefined ? {} : { records: positiveInteger('--records', values.records) }),
      ...(values.rounds === undefined ? {} : { rounds: positiveInteger('--rounds', values.rounds) }),
      ...(values['cpu-prof'] === undefined ? {} : { profileDir: values['cpu-prof'] }),
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return endWithUsage(2);
  }
}

function endWithUsage(exitCode: number): never {
  console.error(USAGE);
  process.exit(exitCode);
}

function positiveInteger(option: string, text: string): number {
  const number = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(number) || number < 1) {
    throw new Error(`${option} must be a whole number from 1 on, not '${text}'.`);
  }
  return number;
}
