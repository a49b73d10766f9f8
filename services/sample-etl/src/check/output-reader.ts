import type { ConsumedRecord, KafkaClientFactory } from '@millrace/framework';
import { readTopic } from '@millrace/framework/testing';
import { FLIGHT_STATUSES, type Flight } from '../flights/flight.js';
import type { FlightTopics } from '../topics.js';
import type { Route, RouteCount, RouteCounts } from './route-counts.js';

/** What the service wrote, as found in Kafka. */
export interface OutputSummary {
  readonly counts: RouteCounts;
  /** The first records of each route. */
  readonly examples: Readonly<Record<Route, readonly ConsumedRecord[]>>;
}

interface Tally extends RouteCount {
  records: number;
  delayMinutes: number;
  readonly examples: ConsumedRecord[];
}

/** Reads the output topics from their beginning to their present end, as any consumer would (`read_committed`). */
export class OutputReader {
  constructor(
    private readonly clients: KafkaClientFactory,
    private readonly topics: FlightTopics,
    private readonly examplesPerRoute = 2,
  ) {}

  async read(): Promise<OutputSummary> {
    const tallies: Record<Route, Tally> = {
      'on-time': newTally(),
      late: newTally(),
      cancelled: newTally(),
      unreadable: newTally(),
    };
    for (const status of FLIGHT_STATUSES) {
      await readTopic(this.clients, this.topics.routes[status], (record) => {
        const flight = JSON.parse(record.value?.toString() ?? 'null') as Flight;
        if (flight.status !== status)
          throw new Error(`A flight that is ${flight.status} is on the topic of ${status}.`);
        this.add(tallies[status], record, flight.delayMinutes ?? 0);
      });
    }
    await readTopic(this.clients, this.topics.unreadable, (record) => this.add(tallies.unreadable, record, 0));
    return {
      counts: tallies,
      examples: {
        'on-time': tallies['on-time'].examples,
        late: tallies.late.examples,
        cancelled: tallies.cancelled.examples,
        unreadable: tallies.unreadable.examples,
      },
    };
  }

  private add(tally: Tally, record: ConsumedRecord, delayMinutes: number): void {
    tally.records++;
    tally.delayMinutes += delayMinutes;
    if (tally.examples.length < this.examplesPerRoute) tally.examples.push(copyOf(record));
  }
}

function newTally(): Tally {
  return { records: 0, delayMinutes: 0, examples: [] };
}

/** Key and value are views of a fetched buffer; an example outlives it. */
function copyOf(record: ConsumedRecord): ConsumedRecord {
  return {
    ...record,
    key: record.key === null ? null : Buffer.from(record.key),
    value: record.value === null ? null : Buffer.from(record.value),
    headers: record.headers.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) })),
  };
}
