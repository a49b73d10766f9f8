import {
  inject,
  serdes,
  StreamService,
  Topology,
  type StreamsBuilder,
  type StreamServiceOptions,
} from '@millrace/framework';
import { AirportTable } from './airports/airport-table.js';
import type { Flight, FlightStatus } from './flights/flight.js';
import { FlightReader } from './flights/flight-reader.js';
import { UnreadableFlightError } from './flights/unreadable-flight-error.js';
import { flightTopics, type FlightTopics } from './topics.js';

/** Injects the names of the topics. */
export const FLIGHT_TOPICS = Symbol('flight topics');

/** How the service answers records that it cannot use. */
export const UNREADABLE_TO_DEAD_LETTER: Pick<StreamServiceOptions, 'deserializationHandler' | 'processingHandler'> = {
  deserializationHandler: () => 'dead-letter',
  processingHandler: (error) => (error.cause instanceof UnreadableFlightError ? 'dead-letter' : 'fail'),
};

/**
 * Reads raw flights, checks and normalises them, and sends each to the topic of its route.
 *
 *   flights --> read-flight --> route-by-status --> flights-on-time
 *                    |                         +--> flights-late
 *                    |                         +--> flights-cancelled
 *                    +- what is no flight ---------> flights-unreadable   (dead-letter topic)
 *
 * What is not JSON fails in the serde, what is JSON but no flight in `read-flight`; both go to the dead-letter topic as
 * they came, with headers that say why. Any other error is a mistake of this service and stops it.
 */
@StreamService({
  applicationId: 'flight-etl',
  commitIntervalMs: 1000,
  deadLetterTopic: flightTopics().unreadable,
  ...UNREADABLE_TO_DEAD_LETTER,
  providers: [
    { provide: FLIGHT_TOPICS, useValue: flightTopics() },
    { provide: AirportTable, useFactory: () => AirportTable.load() },
    {
      provide: FlightReader,
      useFactory: (airports: AirportTable) => new FlightReader(airports),
      inject: [AirportTable],
    },
  ],
})
export class FlightEtl {
  constructor(
    @inject(FLIGHT_TOPICS) private readonly topics: FlightTopics,
    @inject(FlightReader) private readonly reader: FlightReader,
  ) {}

  @Topology()
  route(builder: StreamsBuilder): void {
    const { flights, routes } = this.topics;
    const json = serdes.json<Flight>();
    const isRoute =
      (status: FlightStatus) =>
      (flight: Flight): boolean =>
        flight.status === status;
    builder
      .stream(flights, { name: 'flights', keySerde: serdes.string, valueSerde: serdes.json() })
      .mapValues((raw) => this.reader.read(raw), { name: 'read-flight' })
      .split({ name: 'route-by-status-' })
      .branch(isRoute('on-time'), { into: (branch) => branch.to(routes['on-time'], { valueSerde: json }) })
      .branch(isRoute('late'), { into: (branch) => branch.to(routes.late, { valueSerde: json }) })
      .branch(isRoute('cancelled'), { into: (branch) => branch.to(routes.cancelled, { valueSerde: json }) })
      .noDefaultBranch();
  }
}
