import type { KafkaClientFactory } from '@millrace/framework';
import { readTopic } from '@millrace/framework/testing';
import { DELAY_BUCKETS, type AirportDelays } from '../airports/airport-delays.js';

/** Delays by the code of the airport. */
export type DelayTable = ReadonlyMap<string, AirportDelays>;

/** The two sides divide the same whole numbers, but not with the same instructions: the last bit may differ. */
const MEAN_TOLERANCE = 1e-9;

/** The table that a topic of changes amounts to: the last committed row of each airport. */
export async function readDelayTable(clients: KafkaClientFactory, topic: string): Promise<DelayTable> {
  const table = new Map<string, AirportDelays>();
  await readTopic(clients, topic, ({ key, value }) => {
    if (key === null || value === null) throw new Error(`A record of ${topic} has no key or no value.`);
    table.set(key.toString(), JSON.parse(value.toString()) as AirportDelays);
  });
  return table;
}

/** The airports whose count, sum, mean or distribution differ, in alphabetical order. Empty: the two agree. */
export function differingAirports(left: DelayTable, right: DelayTable): string[] {
  const airports = [...new Set([...left.keys(), ...right.keys()])].toSorted();
  return airports.filter((airport) => !areSame(left.get(airport), right.get(airport)));
}

/** The airports with the most flights, the busiest first. */
export function busiestAirports(table: DelayTable, count: number): [airport: string, delays: AirportDelays][] {
  return [...table].toSorted(([, left], [, right]) => right.flights - left.flights).slice(0, count);
}

function areSame(left: AirportDelays | undefined, right: AirportDelays | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  return (
    left.flights === right.flights &&
    left.delayMinutes === right.delayMinutes &&
    Math.abs(left.meanDelayMinutes - right.meanDelayMinutes) < MEAN_TOLERANCE &&
    DELAY_BUCKETS.every(({ name }) => left.buckets[name] === right.buckets[name])
  );
}
