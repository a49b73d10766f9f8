import type { FlightStatus } from './flights/flight.js';

/** Names of the service's topics. */
export interface FlightTopics {
  /** Input. */
  readonly flights: string;
  readonly routes: Readonly<Record<FlightStatus, string>>;
  /** The delays of each airport so far; compacted, so that it keeps the last row of each. */
  readonly airportDelays: string;
  /** Dead-letter topic: what could not be read, unchanged, with headers that say why. */
  readonly unreadable: string;
}

/** @param prefix put before each name, so that several runs can share a cluster */
export function flightTopics(prefix = ''): FlightTopics {
  return {
    flights: `${prefix}flights`,
    routes: {
      'on-time': `${prefix}flights-on-time`,
      late: `${prefix}flights-late`,
      cancelled: `${prefix}flights-cancelled`,
    },
    airportDelays: `${prefix}flights-airport-delays`,
    unreadable: `${prefix}flights-unreadable`,
  };
}

/** Input first, then the routes, the delays, and the dead-letter topic. */
export function allTopics(topics: FlightTopics): string[] {
  return [topics.flights, ...Object.values(topics.routes), topics.airportDelays, topics.unreadable];
}
