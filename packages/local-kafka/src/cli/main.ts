import { parseArgs } from 'node:util';
import { LocalKafkaError } from '../local-kafka-error.js';
import type { LocalKafkaOptions } from '../options.js';
import { runInForeground, startInBackground } from './start.js';
import { printStatus, stopBackground } from './stop.js';

const USAGE = `millrace-kafka starts a real Apache Kafka on this machine, without Docker.

  millrace-kafka start [--brokers N] [--port P] [--schema-registry] [--data-directory DIR] [--foreground]
  millrace-kafka status
  millrace-kafka stop

start      starts it in the background and prints where it listens; the first start fetches the jars
  --brokers N           number of brokers (1)
  --port P              port of the first broker, the others take the next ones (9092)
  --schema-registry     also starts a schema registry with Confluent's API
  --data-directory DIR  keeps the data there; without it the data is deleted at stop
  --foreground          stays in this terminal until Ctrl-C
status     says whether one runs, and where; exit code 1 if none runs
stop       stops it
`;

const DEFAULT_PORT = 9092;

/** Exit codes: 0 done, 1 it failed (or, for status, nothing runs), 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (!LocalKafkaError.is(error)) throw error;
    console.error(`${error.code}: ${error.message}`);
    return 1;
  }
}

class UsageError extends Error {}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (rest.length > 0) throw new UsageError(`Unexpected: ${rest.join(' ')}`);
  switch (command) {
    case 'start': {
      const options: LocalKafkaOptions = {
        brokers: integer('brokers', values.brokers, 1),
        port: integer('port', values.port, DEFAULT_PORT),
        schemaRegistry: values['schema-registry'] ?? false,
        ...(values['data-directory'] === undefined ? {} : { dataDirectory: values['data-directory'] }),
      };
      return values.foreground === true ? runInForeground(options) : startInBackground(args);
    }
    case 'stop':
      return stopBackground();
    case 'status':
      return printStatus();
    case undefined:
      throw new UsageError('Which command?');
    default:
      throw new UsageError(`Unknown command: ${command}`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        brokers: { type: 'string' },
        port: { type: 'string' },
        'schema-registry': { type: 'boolean' },
        'data-directory': { type: 'string' },
        foreground: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function integer(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text)) throw new UsageError(`--${name} must be a whole number, not ${text}`);
  return Number(text);
}
