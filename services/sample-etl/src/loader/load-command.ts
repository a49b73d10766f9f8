import { parseArgs } from 'node:util';
import { kafkaClients } from '@millrace/framework';
import { PARTITIONS, readFlightSet } from '../demo/demo-options.js';
import { formatCount, formatSeconds, type Terminal } from '../demo/terminal.js';
import { flightTopics } from '../topics.js';
import { createTopics } from './create-topics.js';
import { FLIGHT_SETS, flightFile, RECORDS_OF_SET, type FlightSet } from './flight-files.js';
import { FlightLoader } from './flight-loader.js';

export const LOAD_USAGE = `usage: node services/sample-etl/bin/load.js --bootstrap HOST:PORT [options]

  --bootstrap HOST:PORT     the Kafka cluster (default: KAFKA_BOOTSTRAP_SERVERS)
  --flights ${FLIGHT_SETS.join('|')}  how many flights (default 20k)
  --topic-prefix TEXT       put before the names of the topics (default none)
  --partitions N            partitions of topics that do not exist yet (default ${PARTITIONS})

Creates the service's topics where they do not exist, and writes the flights into the first of them. Some records are
spoiled or cancelled on purpose: the same ones in every run, see the README.`;

export interface LoadOptions {
  readonly bootstrapServers: string;
  readonly flights: FlightSet;
  readonly topicPrefix: string;
  readonly partitions: number;
}

/** @throws Error with a message for the user if the command line cannot be understood. */
export function readLoadOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): LoadOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bootstrap: { type: 'string', default: environment['KAFKA_BOOTSTRAP_SERVERS'] ?? '' },
      flights: { type: 'string', default: '20k' },
      'topic-prefix': { type: 'string', default: '' },
      partitions: { type: 'string', default: String(PARTITIONS) },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.bootstrap === '') throw new Error('Name the Kafka cluster with --bootstrap HOST:PORT.');
  const partitions = Number(values.partitions);
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new Error(`--partitions must be a whole number from 1 on, not '${values.partitions}'.`);
  }
  return {
    bootstrapServers: values.bootstrap,
    flights: readFlightSet(values.flights),
    topicPrefix: values['topic-prefix'],
    partitions,
  };
}

/** Creates the topics and writes the flights. */
export async function load(options: LoadOptions, terminal: Terminal): Promise<void> {
  const startMs = performance.now();
  const clients = kafkaClients({ bootstrapServers: options.bootstrapServers });
  const topics = flightTopics(options.topicPrefix);
  const admin = clients.admin();
  await admin.connect();
  const partitions = await createTopics(admin, topics, options.partitions).finally(() => admin.close());
  terminal.step('Load', `${options.flights} flights into topic ${topics.flights} (${partitions} partitions)`);
  const loader = new FlightLoader(clients, (records) => {
    terminal.progress(records / RECORDS_OF_SET[options.flights], `${formatCount(records)} written`);
  });
  const { records, treatments } = await loader.load(flightFile(options.flights), { topic: topics.flights, partitions });
  terminal.detail(`${formatCount(records)} records after ${formatSeconds(performance.now() - startMs)}:`);
  for (const [treatment, count] of treatments) terminal.detail(`${formatCount(count).padStart(9)}  ${treatment}`);
}
