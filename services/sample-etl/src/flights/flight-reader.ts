import type { Airport, AirportTable } from '../airports/airport-table.js';
import { readDeparture } from './departure.js';
import { LATE_FROM_MINUTES, type Flight, type FlightStatus } from './flight.js';
import { UnreadableFlightError } from './unreadable-flight-error.js';

/** No flight of the data set that is more than this early is real: three rows of three million, all slips of a day. */
export const EARLIEST_DELAY_MINUTES = -180;
export const LATEST_DELAY_MINUTES = 48 * 60;

const KM_PER_MILE = 1.609344;

/** How far a stated distance may lie from the great circle between the two airports. */
const DISTANCE_TOLERANCE_SHARE = 0.1;
const DISTANCE_TOLERANCE_MILES = 25;

/**
 * Turns a raw record into a {@link Flight}, or says why it is none.
 *
 * Accepts numbers written as text and airport codes in any case with blanks around them; everything else has to be as in
 * the published files. Stateless and deterministic.
 */
export class FlightReader {
  constructor(private readonly airports: AirportTable) {}

  /** @throws UnreadableFlightError if the value is not a plausible flight. */
  read(value: unknown): Flight {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new UnreadableFlightError('not-an-object', `a flight is a JSON object, this is ${describe(value)}`);
    }
    const fields = value as Readonly<Record<string, unknown>>;
    const departure = readDeparture(readText(fields, 'date'));
    const origin = this.readAirport(fields, 'origin');
    const destination = this.readAirport(fields, 'destination');
    const distanceMiles = this.readDistance(fields, origin, destination);
    const delayMinutes = readDelay(fields);
    return {
      status: statusOf(delayMinutes),
      departure,
      route: `${origin.code}-${destination.code}`,
      origin: origin.code,
      originCity: origin.city,
      destination: destination.code,
      destinationCity: destination.city,
      delayMinutes,
      distanceKm: Math.round(distanceMiles * KM_PER_MILE),
    };
  }

  private readAirport(fields: Readonly<Record<string, unknown>>, name: string): Airport {
    const code = readText(fields, name).trim().toUpperCase();
    const airport = this.airports.find(code);
    if (airport === undefined) throw new UnreadableFlightError('unknown-airport', `${name} '${code}' is no airport`);
    return airport;
  }

  private readDistance(fields: Readonly<Record<string, unknown>>, origin: Airport, destination: Airport): number {
    const miles = readNumber(fields, 'distance');
    if (origin === destination) {
      throw new UnreadableFlightError('impossible-route', `the flight ends at ${origin.code}, where it began`);
    }
    const expected = this.airports.distanceMiles(origin, destination);
    if (Math.abs(miles - expected) > expected * DISTANCE_TOLERANCE_SHARE + DISTANCE_TOLERANCE_MILES) {
      throw new UnreadableFlightError(
        'impossible-distance',
        `${miles} miles from ${origin.code} to ${destination.code}, which are ${Math.round(expected)} miles apart`,
      );
    }
    return miles;
  }
}

function statusOf(delayMinutes: number | null): FlightStatus {
  if (delayMinutes === null) return 'cancelled';
  return delayMinutes >= LATE_FROM_MINUTES ? 'late' : 'on-time';
}

function readDelay(fields: Readonly<Record<string, unknown>>): number | null {
  if (fields['delay'] === null) return null;
  const minutes = readNumber(fields, 'delay');
  if (!Number.isInteger(minutes) || minutes < EARLIEST_DELAY_MINUTES || minutes > LATEST_DELAY_MINUTES) {
    throw new UnreadableFlightError('impossible-delay', `a delay of ${minutes} minutes`);
  }
  return minutes;
}

function readText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = present(fields, name);
  if (typeof value !== 'string') {
    throw new UnreadableFlightError('wrong-type', `${name} is ${describe(value)}, not a text`);
  }
  return value;
}

function readNumber(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = present(fields, name);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new UnreadableFlightError('wrong-type', `${name} is ${describe(value)}, not a number`);
  }
  return number;
}

function present(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = fields[name];
  if (value === undefined) throw new UnreadableFlightError('missing-field', `the flight has no ${name}`);
  return value;
}

const DESCRIBED_CHARACTERS = 40;

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > DESCRIBED_CHARACTERS ? `${text.slice(0, DESCRIBED_CHARACTERS)}...` : text;
}
