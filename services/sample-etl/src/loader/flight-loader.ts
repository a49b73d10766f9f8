import { partitionOfKey, type KafkaClientFactory, type RecordProducer } from '@millrace/framework';
import { departureMs } from '../flights/departure.js';
import type { RawFlight } from '../flights/flight.js';
import { readFlights, type FlightFile } from './flight-files.js';
import { SPOILINGS, treatedValue, treatmentOf, type Treatment } from './spoiling-plan.js';

export interface LoadResult {
  readonly records: number;
  /** Records per treatment; those left as they were are under `unchanged`. */
  readonly treatments: ReadonlyMap<Treatment, number>;
}

export interface LoadTarget {
  readonly topic: string;
  readonly partitions: number;
}

/**
 * Writes the flights of a file into a topic, some of them spoiled by plan ({@link treatmentOf}).
 *
 * Key: the origin's code as in the file, so that an airport's flights stay in order. Timestamp: the departure. The records
 * of one file are the same in every run.
 */
export class FlightLoader {
  constructor(
    private readonly clients: KafkaClientFactory,
    private readonly onProgress: (records: number) => void = () => undefined,
  ) {}

  /** Resolves when the broker has acknowledged every record. @throws KafkaError if one could not be written. */
  async load(file: FlightFile, target: LoadTarget): Promise<LoadResult> {
    const producer = this.clients.producer({ lingerMs: 20 });
    await producer.connect();
    try {
      const treatments = new Map<Treatment, number>();
      let records = 0;
      for await (const flights of readFlights(file)) {
        for (const flight of flights) {
          const treatment = treatmentOf(records++);
          treatments.set(treatment, (treatments.get(treatment) ?? 0) + 1);
          const waiting = this.write(producer, target, flight, treatment);
          if (waiting !== undefined) await waiting;
        }
        throwFirstFailure(producer);
        this.onProgress(records);
      }
      await producer.flush();
      throwFirstFailure(producer);
      return { records, treatments };
    } finally {
      await producer.close();
    }
  }

  private write(
    producer: RecordProducer,
    target: LoadTarget,
    flight: RawFlight,
    treatment: Treatment,
  ): Promise<void> | undefined {
    const text = treatedValue(flight, treatment);
    const key = Buffer.from(flight.origin);
    const value = text === null ? null : Buffer.from(text);
    const partition = partitionOfKey(key, target.partitions);
    const timestamp = departureMs(flight.date);
    const produce = (): boolean => producer.produce(target.topic, partition, key, value, timestamp, []);
    return produce() ? undefined : produceWhenDrained(producer, produce);
  }
}

/** How many records were spoiled beyond reading. */
export function spoiledRecords(result: LoadResult): number {
  return SPOILINGS.reduce((sum, spoiling) => sum + (result.treatments.get(spoiling) ?? 0), 0);
}

async function produceWhenDrained(producer: RecordProducer, produce: () => boolean): Promise<void> {
  do await producer.drain();
  while (!produce());
}

function throwFirstFailure(producer: RecordProducer): void {
  const [failure] = producer.takeFailures();
  if (failure !== undefined) throw failure.error;
}
