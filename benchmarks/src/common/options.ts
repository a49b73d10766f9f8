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
  return readingArguments(USAGE, () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        records: { type: 'string' },
        rounds: { type: 'string' },
        'cpu-prof': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    return {
      ...(values.records === undefined ? {} : { records: positiveInteger('--records', values.records) }),
      ...(values.rounds === undefined ? {} : { rounds: positiveInteger('--rounds', values.rounds) }),
      ...(values['cpu-prof'] === undefined ? {} : { profileDir: values['cpu-prof'] }),
    };
  });
}

/**
 * What `read` makes of the command line. Ends the process with the usage if it asks for help (`undefined`), and with the
 * error, the usage and exit code 2 if it cannot be understood.
 */
export function readingArguments<T extends object>(usage: string, read: () => T | undefined): T {
  let exitCode = 0;
  try {
    const options = read();
    if (options !== undefined) return options;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    exitCode = 2;
  }
  console.error(usage);
  process.exit(exitCode);
}

/** @throws Error that names the option */
export function positiveInteger(option: string, text: string, least = 1): number {
  const number = Number(text.replaceAll('_', ''));
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`${option} must be a whole number from ${least} on, not '${text}'.`);
}

/** @throws Error that names the option and what it takes */
export function oneOf<T extends string>(option: string, known: readonly T[], text: string): T {
  const found = known.find((candidate) => candidate === text);
  if (found === undefined) throw new Error(`${option} takes ${known.join(', ')}, not '${text}'.`);
  return found;
}
