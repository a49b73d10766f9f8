import assert from 'node:assert/strict';
import { AirportTable } from '../../dist/airports/airport-table.js';
import type { RawFlight } from '../../dist/flights/flight.js';
import { FlightReader } from '../../dist/flights/flight-reader.js';
import { SPOILINGS, treatedValue, treatmentOf, type Treatment } from '../../dist/loader/spoiling-plan.js';

const FLIGHT: RawFlight = { date: '2001/01/01 00:47', delay: 66, distance: 1750, origin: 'DTW', destination: 'LAS' };

describe('spoiling plan', () => {
  const reader = new FlightReader(AirportTable.load());
  const readAs = (treatment: Treatment): unknown => reader.read(JSON.parse(treatedValue(FLIGHT, treatment) ?? 'null'));

  it('should spoil 80 of 20,000 records, ten in each way, and cancel 800', () => {
    const treatments = Array.from({ length: 20_000 }, (_, index) => treatmentOf(index));
    const count = (treatment: Treatment): number => treatments.filter((other) => other === treatment).length;
    for (const spoiling of SPOILINGS) assert.equal(count(spoiling), 10, spoiling);
    assert.equal(count('cancelled'), 800);
    assert.equal(count('untidy'), 200);
  });

  it('should make every spoiled record unreadable', () => {
    for (const spoiling of SPOILINGS) assert.throws(() => readAs(spoiling), Error, spoiling);
  });

  it('should keep untidy and cancelled flights readable', () => {
    assert.deepEqual(readAs('untidy'), readAs('unchanged'));
    assert.deepEqual(readAs('cancelled'), reader.read({ ...FLIGHT, delay: null }));
  });
});
