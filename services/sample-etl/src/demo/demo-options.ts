import { parseArgs } from 'node:util';
import { FLIGHT_SETS, type FlightSet } from '../loader/flight-files.js';

export interface DemoOptions {
  readonly flights: FlightSet;
  /** Processes of the service, which share the partitions. */
  readonly processes: number;
  /** Use the in-memory Kafka, even where a real one could be had. */
  readonly inMemory: boolean;
}

export const PARTITIONS = 6;

export const DEMO_USAGE = `usage: npm run demo -- [options]

  --flights 2k|20k|200k|3m   how many flights to send through the service (default 20k)
  --processes N              processes of the service, 1 to ${PARTITIONS} (default 1)
  --in-memory                no broker: everything in this one process

Kafka: the cluster of KAFKA_BOOTSTRAP_SERVERS if that is set; else one is started here with Java, or with Docker.`;

/** @throws Error with a message for the user if the command line cannot be understood. */
export function readDemoOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      flights: { type: 'string', default: '20k' },
      processes: { type: 'string', default: '1' },
      'in-memory': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const processes = Number(values.processes);
  if (!Number.isInteger(processes) || processes < 1 || processes > PARTITIONS) {
    throw new Error(`--processes must be a whole number from 1 to ${PARTITIONS}, not '${values.processes}'.`);
  }
  return { flights: readFlightSet(values.flights), processes, inMemory: values['in-memory'] };
}

/** @throws Error that names the sets there are. */
export function readFlightSet(text: string): FlightSet {
  const set = FLIGHT_SETS.find((candidate) => candidate === text);
  if (set === undefined) throw new Error(`--flights must be one of ${FLIGHT_SETS.join(', ')}, not '${text}'.`);
  return set;
}
