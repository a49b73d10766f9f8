/*
 * The sample service: US domestic flights, validated, normalised and routed.
 *
 *   npm run demo                                     everything at once
 *   node services/sample-etl/bin/load.js ...         writes flights into Kafka
 *   node services/sample-etl/bin/service.js          runs the service
 */
export { DELAY_BUCKETS, type AirportDelays, type DelayBucket } from './airports/airport-delays.js';
export { AirportTable, type Airport } from './airports/airport-table.js';
export { differingAirports, readDelayTable, type DelayTable } from './check/delay-table.js';
export { countIndependently } from './check/independent-count.js';
export { delaysIndependently } from './check/independent-delays.js';
export { OutputReader, type OutputSummary } from './check/output-reader.js';
export {
  disagreements,
  ROUTES,
  totalRecords,
  type Route,
  type RouteCount,
  type RouteCounts,
} from './check/route-counts.js';
export { AIRPORT_DELAYS_STORE, airportDelaysOf, FLIGHT_TOPICS, FlightEtl, withTopics } from './flight-etl.js';
export { FLIGHT_STATUSES, type Flight, type FlightStatus, type RawFlight } from './flights/flight.js';
export { FlightReader } from './flights/flight-reader.js';
export { UnreadableFlightError, type UnreadableReason } from './flights/unreadable-flight-error.js';
export { createTopics } from './loader/create-topics.js';
export { FLIGHT_SETS, flightFile, readFlights, type FlightFile, type FlightSet } from './loader/flight-files.js';
export { FlightLoader, spoiledRecords, type LoadResult, type LoadTarget } from './loader/flight-loader.js';
export { allTopics, flightTopics, type FlightTopics } from './topics.js';
