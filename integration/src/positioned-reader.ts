import { createHash } from 'node:crypto';
import type {
  ConsumedRecord,
  IsolationLevel,
  KafkaAdmin,
  KafkaClientFactory,
  RecordFetcher,
} from '@millrace/framework';
import { KafkaError } from '@millrace/framework';
import type { Random } from './random.js';

/** What a fetcher makes of one partition: everything that two fetchers must agree on. */
export interface PartitionReading {
  /** Records as texts, in the order in which they came. */
  readonly records: string[];
  /** Position after the last of them. */
  position: number;
  /** Code of the failure, if it could not be read. */
  failure: string | undefined;
}

const READ_TIMEOUT_MS = 60_000;

/** Reads partitions from given positions to their present ends. One fetcher serves many topics. */
export class PositionedReader {
  private constructor(
    private readonly fetcher: RecordFetcher,
    private readonly admin: KafkaAdmin,
    readonly isolationLevel: IsolationLevel,
    readonly description: string,
  ) {}

  /** @param random chooses how much a poll returns and the fetcher buffers */
  static async open(
    clients: KafkaClientFactory,
    admin: KafkaAdmin,
    isolationLevel: IsolationLevel,
    random: Random,
  ): Promise<PositionedReader> {
    const maxPollRecords = random.pick([3, 100, 1_000, 10_000]);
    const maxBufferedBytes = random.pick([100_000, 4_000_000, 64_000_000]);
    const fetcher = clients.fetcher({ isolationLevel, maxPollRecords, maxBufferedBytes });
    await fetcher.connect();
    const description = `${isolationLevel}, ${maxPollRecords} records a poll, ${maxBufferedBytes} bytes ahead`;
    return new PositionedReader(fetcher, admin, isolationLevel, description);
  }

  /**
   * @param wanted positions by partition; those behind the last stable offset are moved to it under `read_committed`
   * @throws Error if the ends are not reached within a minute
   */
  async read(topic: string, wanted: readonly number[]): Promise<PartitionReading[]> {
    const partitions = wanted.map((_, partition) => ({ topic, partition }));
    const listed = await this.admin.listOffsets(partitions, 'latest', this.isolationLevel);
    const ends = partitions.map(({ partition }) => listed.find((each) => each.partition === partition)?.offset ?? 0);
    const positions = wanted.map((offset, partition) => Math.min(offset, ends[partition] ?? 0));
    const places = positions.map((offset, partition) => ({ topic, partition, offset }));
    const readings = positions.map((position): PartitionReading => ({ records: [], position, failure: undefined }));
    const isRead = ({ position, failure }: PartitionReading, partition: number): boolean =>
      failure !== undefined ||
      (position >= (ends[partition] ?? 0) && this.fetcher.endOffset({ topic, partition }) === ends[partition]);
    this.fetcher.assign(places);
    const deadline = performance.now() + READ_TIMEOUT_MS;
    while (!readings.every(isRead)) {
      if (performance.now() > deadline) {
        const told = readings.map(({ position }, p) => `${position} of ${ends[p]}, end ${this.#end(topic, p)}`);
        throw new Error(`The ends of ${topic} were not reached (${this.description}): ${told.join('; ')}`);
      }
      await this.#poll(readings);
    }
    this.fetcher.unassign(places);
    return readings;
  }

  #end(topic: string, partition: number): string {
    return String(this.fetcher.endOffset({ topic, partition }));
  }

  async #poll(readings: readonly PartitionReading[]): Promise<void> {
    const { batches, failures } = await this.fetcher.poll(100);
    for (const { partition, records, nextOffset } of batches) {
      const reading = readings[partition];
      if (reading === undefined) continue;
      for (const record of records) reading.records.push(textOf(record));
      reading.position = nextOffset;
    }
    for (const { partition, error } of failures) {
      const reading = readings[partition];
      if (reading !== undefined) reading.failure = error instanceof KafkaError ? error.code : String(error);
    }
  }

  close(): Promise<void> {
    return this.fetcher.close();
  }
}

/** All of a record; the addon cannot tell a null header value from an empty one. The offset comes first. */
function textOf({ offset, timestamp, key, value, headers }: ConsumedRecord): string {
  const own = headers.map((header) => `${header.key}=${header.value?.toString('hex') ?? ''}`).join('&');
  return `${offset} at ${timestamp} key ${bytesText(key)} value ${bytesText(value)} headers ${own}`;
}

function bytesText(bytes: Buffer | null): string {
  if (bytes === null) return 'null';
  if (bytes.length <= 40) return `'${bytes.toString('hex')}'`;
  return `${bytes.length} bytes ${createHash('sha1').update(bytes).digest('hex')}`;
}
