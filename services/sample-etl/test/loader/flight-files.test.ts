import assert from 'node:assert/strict';
import type { RawFlight } from '../../dist/flights/flight.js';
import { flightFile, readFlights, type FlightSet } from '../../dist/loader/flight-files.js';

describe('flight files', () => {
  it('should read the published file of 20,000 flights in its order', async () => {
    const flights = await readAll('20k');
    assert.equal(flights.length, 20_000);
    assert.deepEqual(flights[0], {
      date: '2001/01/01 00:47',
      delay: 66,
      distance: 1750,
      origin: 'DTW',
      destination: 'LAS',
    });
  });

  it('should take 200,000 flights from the file of three million, written like those of the JSON files', async () => {
    const flights = await readAll('200k');
    assert.equal(flights.length, 200_000);
    assert.deepEqual(flights[0], {
      date: '2001/01/01 00:01',
      delay: 33,
      distance: 2176,
      origin: 'LAS',
      destination: 'PHL',
    });
    for (const { date, delay, distance } of flights) {
      if (date.length !== 16 || typeof delay !== 'number' || typeof distance !== 'number') {
        assert.fail(`not like the JSON files: ${JSON.stringify({ date, delay, distance })}`);
      }
    }
  }).timeout(20_000);
});

async function readAll(set: FlightSet): Promise<RawFlight[]> {
  const all: RawFlight[] = [];
  for await (const flights of readFlights(flightFile(set))) for (const flight of flights) all.push(flight);
  return all;
}
