import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AirportTable } from '../../dist/airports/airport-table.js';
import type { RawFlight } from '../../dist/flights/flight.js';
import { FlightReader } from '../../dist/flights/flight-reader.js';
import { UnreadableFlightError } from '../../dist/flights/unreadable-flight-error.js';

const airports = AirportTable.load();
const reader = new FlightReader(airports);
const FLIGHT: RawFlight = { date: '2001/01/01 00:47', delay: 66, distance: 1750, origin: 'DTW', destination: 'LAS' };

const flights = fc
  .record({
    pair: fc.uniqueArray(fc.constantFrom('DTW', 'LAS', 'JFK', 'HNL', 'ANC', 'MIA', 'LIH', 'SEA'), {
      minLength: 2,
      maxLength: 2,
    }),
    delay: fc.option(fc.integer({ min: -180, max: 2880 })),
    minute: fc.integer({ min: 0, max: 1439 }),
  })
  .map(({ pair: [origin = '', destination = ''], delay, minute }): RawFlight => {
    const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
    return {
      date: `2001/03/05 ${clock}`,
      delay,
      distance: Math.round(milesBetween(origin, destination)),
      origin,
      destination,
    };
  });

describe('FlightReader', () => {
  it('should normalise a flight of the published file', () => {
    assert.deepEqual(reader.read(FLIGHT), {
      status: 'late',
      departure: '2001-01-01T00:47:00',
      route: 'DTW-LAS',
      origin: 'DTW',
      originCity: 'Detroit',
      destination: 'LAS',
      destinationCity: 'Las Vegas',
      delayMinutes: 66,
      distanceKm: 2816,
    });
  });

  it('should call a flight late from 15 minutes on, and cancelled without a delay', () => {
    assert.equal(reader.read({ ...FLIGHT, delay: 14 }).status, 'on-time');
    assert.equal(reader.read({ ...FLIGHT, delay: 15 }).status, 'late');
    assert.equal(reader.read({ ...FLIGHT, delay: -30 }).status, 'on-time');
    const cancelled = reader.read({ ...FLIGHT, delay: null });
    assert.equal(cancelled.status, 'cancelled');
    assert.equal(cancelled.delayMinutes, null);
  });

  it('should read every plausible flight, and the same however untidily it is written', () => {
    fc.assert(
      fc.property(flights, (flight) => {
        const read = reader.read(flight);
        assert.equal(read.delayMinutes, flight.delay);
        assert.equal(read.route, `${flight.origin}-${flight.destination}`);
        const untidy = {
          ...flight,
          delay: flight.delay === null ? null : ` ${flight.delay}`,
          distance: `${flight.distance} `,
          origin: flight.origin.toLowerCase(),
          destination: ` ${flight.destination} `,
        };
        assert.deepEqual(reader.read(untidy), read);
      }),
    );
  });

  it('should answer any JSON with a flight or with the reason why not, and nothing else', () => {
    const damaged = fc
      .tuple(
        flights,
        fc.dictionary(fc.constantFrom('date', 'delay', 'distance', 'origin', 'destination'), fc.jsonValue()),
      )
      .map(([flight, damage]) => ({ ...flight, ...damage }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), damaged), (value) => {
        try {
          const read = reader.read(value);
          assert.ok(read.origin !== read.destination);
          assert.ok(read.delayMinutes === null || Number.isInteger(read.delayMinutes));
        } catch (error) {
          assert.ok(error instanceof UnreadableFlightError, String(error));
          assert.ok(error.message.startsWith(`${error.reason}: `));
        }
      }),
      { numRuns: 1000 },
    );
  });

  const refusals: readonly (readonly [string, unknown, string])[] = [
    ['a record without a value', null, 'not-an-object'],
    ['an array', [FLIGHT], 'not-an-object'],
    ['a flight without a destination', { ...FLIGHT, destination: undefined }, 'missing-field'],
    ['a flight whose delay is missing rather than null', { ...FLIGHT, delay: undefined }, 'missing-field'],
    ['a delay that is no number', { ...FLIGHT, delay: 'n/a' }, 'wrong-type'],
    ['a delay that is an empty text', { ...FLIGHT, delay: '' }, 'wrong-type'],
    ['a date that is a number', { ...FLIGHT, date: 20010101 }, 'wrong-type'],
    ['a date that does not exist', { ...FLIGHT, date: '2001/02/31 25:00' }, 'impossible-date'],
    ['a delay of half a minute', { ...FLIGHT, delay: 0.5 }, 'impossible-delay'],
    ['an arrival three hours and a minute early', { ...FLIGHT, delay: -181 }, 'impossible-delay'],
    ['an arrival more than two days late', { ...FLIGHT, delay: 2881 }, 'impossible-delay'],
    ['a distance of the other sign', { ...FLIGHT, distance: -1750 }, 'impossible-distance'],
    ['a distance in kilometres', { ...FLIGHT, distance: 2816 }, 'impossible-distance'],
    ['an airport that is not listed', { ...FLIGHT, origin: '???' }, 'unknown-airport'],
    ['a flight that ends where it began', { ...FLIGHT, destination: 'DTW', distance: 0 }, 'impossible-route'],
  ];
  for (const [what, value, reason] of refusals) {
    it(`should refuse ${what} as ${reason}`, () => {
      assert.throws(
        () => reader.read(value),
        (error) => error instanceof UnreadableFlightError && error.reason === reason,
      );
    });
  }
});

function milesBetween(origin: string, destination: string): number {
  const from = airports.find(origin);
  const to = airports.find(destination);
  if (from === undefined || to === undefined) throw new Error(`${origin} or ${destination} is not in airports.csv.`);
  return airports.distanceMiles(from, to);
}
