import {
  inject,
  QueryableStores,
  serdes,
  StreamService,
  Topology,
  type ReadOnlyKeyValueStore,
  type ServiceOverrides,
  type StreamsBuilder,
  type StreamsClient,
  type StreamServiceOptions,
} from '@millrace/framework';
import { noDelays, withFlight, type AirportDelays } from './airports/airport-delays.js';
import { AirportTable } from './airports/airport-table.js';
import type { Flight, FlightStatus } from './flights/flight.js';
import { FlightReader } from './flights/flight-reader.js';
import { UnreadableFlightError } from './flights/unreadable-flight-error.js';
import { flightTopics, type FlightTopics } from './topics.js';

/** Name of the store of delays by airport; its changelog is `<application id>-airport-delays-changelog`. */
export const AIRPORT_DELAYS_STORE = 'airport-delays';

/** Injects the names of the topics. */
export const FLIGHT_TOPICS = Symbol('flight topics');

/** How the service answers records that it cannot use. */
export const UNREADABLE_TO_DEAD_LETTER: Pick<StreamServiceOptions, 'deserializationHandler' | 'processingHandler'> = {
  deserializationHandler: () => 'dead-letter',
  processingHandler: (error) => (error.cause instanceof UnreadableFlightError ? 'dead-letter' : 'fail'),
};

/**
 * Reads raw flights, checks and normalises them, sends each to the topic of its route, and keeps count of the delays of
 * each airport. Exactly once: a flight is on its route once and counted once, whatever crashes.
 *
 *   flights --> read-flight --> route-by-status --> flights-on-time
 *                    |  |                      +--> flights-late
 *                    |  |                      +--> flights-cancelled
 *                    |  +-----> arrived --> airport-delays --> flights-airport-delays   (a row for each airport)
 *                    +- what is no flight ---------> flights-unreadable   (dead-letter topic)
 *
 * What is not JSON fails in the serde, what is JSON but no flight in `read-flight`; both go to the dead-letter topic as
 * they came, with headers that say why. Any other error is a mistake of this service and stops it.
 */
@StreamService({
  applicationId: 'flight-etl',
  processingGuarantee: 'exactly_once_v2',
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
    const { flights, routes, airportDelays } = this.topics;
    const json = serdes.json<Flight>();
    const isRoute =
      (status: FlightStatus) =>
      (flight: Flight): boolean =>
        flight.status === status;
    const read = builder
      .stream(flights, { name: 'flights', keySerde: serdes.string, valueSerde: serdes.json() })
      .mapValues((raw) => this.reader.read(raw), { name: 'read-flight' });
    read
      .split({ name: 'route-by-status-' })
      .branch(isRoute('on-time'), { into: (branch) => branch.to(routes['on-time'], { valueSerde: json }) })
      .branch(isRoute('late'), { into: (branch) => branch.to(routes.late, { valueSerde: json }) })
      .branch(isRoute('cancelled'), { into: (branch) => branch.to(routes.cancelled, { valueSerde: json }) })
      .noDefaultBranch();
    // The loader keys flights by origin, so an airport is in one partition already and nothing is repartitioned.
    read
      .filter((flight) => flight.delayMinutes !== null, { name: 'arrived' })
      .groupByKey({ valueSerde: json })
      .aggregate(
        noDelays,
        withFlight,
        { name: AIRPORT_DELAYS_STORE, valueSerde: serdes.json<AirportDelays>() },
        { name: 'count-delays' },
      )
      .toStream({ name: 'delay-changes' })
      .to(airportDelays, { name: 'write-delays' });
  }
}

/** What the service is given where its topics have other names than {@link flightTopics} says by default. */
export function withTopics(topics: FlightTopics): Pick<ServiceOverrides, 'deadLetterTopic' | 'providers'> {
  return { deadLetterTopic: topics.unreadable, providers: [{ provide: FLIGHT_TOPICS, useValue: topics }] };
}

/**
 * The delays by the code of the airport, of those airports whose partitions this process has: what is committed, while
 * the service runs.
 *
 * @param client of the running service, e.g. `ServiceHost.client`
 */
export function airportDelaysOf(client: StreamsClient): ReadOnlyKeyValueStore<string, AirportDelays> {
  return client.store(AIRPORT_DELAYS_STORE, QueryableStores.keyValue<string, AirportDelays>());
}
