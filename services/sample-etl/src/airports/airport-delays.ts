import type { Flight } from '../flights/flight.js';

/** Kinds of arrival, by minutes behind schedule; each ends where the next begins. */
export const DELAY_BUCKETS = [
  { name: 'early', belowMinutes: 0 },
  { name: 'onTime', belowMinutes: 15 },
  { name: 'underOneHour', belowMinutes: 60 },
  { name: 'underThreeHours', belowMinutes: 180 },
  { name: 'longer', belowMinutes: Number.POSITIVE_INFINITY },
] as const;
export type DelayBucket = (typeof DELAY_BUCKETS)[number]['name'];

/** How late the flights of one airport arrived where they went; cancelled ones are not among them. */
export interface AirportDelays {
  readonly flights: number;
  /** Sum of the delays; early arrivals count negative. */
  readonly delayMinutes: number;
  readonly meanDelayMinutes: number;
  /** Flights of each kind. */
  readonly buckets: Readonly<Record<DelayBucket, number>>;
}

/** An airport before its first flight. */
export function noDelays(): AirportDelays {
  return {
    flights: 0,
    delayMinutes: 0,
    meanDelayMinutes: 0,
    buckets: { early: 0, onTime: 0, underOneHour: 0, underThreeHours: 0, longer: 0 },
  };
}

/** The delays with one more flight in them. A cancelled flight changes nothing. */
export function withFlight(delays: AirportDelays, flight: Flight): AirportDelays {
  const delay = flight.delayMinutes;
  if (delay === null) return delays;
  const flights = delays.flights + 1;
  const delayMinutes = delays.delayMinutes + delay;
  const bucket = bucketOf(delay);
  return {
    flights,
    delayMinutes,
    meanDelayMinutes: delayMinutes / flights,
    buckets: { ...delays.buckets, [bucket]: delays.buckets[bucket] + 1 },
  };
}

function bucketOf(delay: number): DelayBucket {
  return DELAY_BUCKETS.find(({ belowMinutes }) => delay < belowMinutes)?.name ?? 'longer';
}
