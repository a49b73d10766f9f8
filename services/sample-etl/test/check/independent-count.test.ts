import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AirportTable } from '../../dist/airports/airport-table.js';
import { noDelays, withFlight, type AirportDelays } from '../../dist/airports/airport-delays.js';
import { differingAirports, type DelayTable } from '../../dist/check/delay-table.js';
import { delaysIndependently } from '../../dist/check/independent-delays.js';
import { countIndependently } from '../../dist/check/independent-count.js';
import { disagreements, totalRecords, type Route, type RouteCounts } from '../../dist/check/route-counts.js';
import type { Flight, RawFlight } from '../../dist/flights/flight.js';
import { FlightReader } from '../../dist/flights/flight-reader.js';
import { flightFile, readFlights, type FlightFile } from '../../dist/loader/flight-files.js';
import { treatedValue, treatmentOf } from '../../dist/loader/spoiling-plan.js';

const FLIGHT: RawFlight = { date: '2001/01/01 00:47', delay: 66, distance: 1750, origin: 'DTW', destination: 'LAS' };

describe('independent count', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), 'flights-'))));
  after(() => rmSync(directory, { recursive: true }));

  function fileOf(flights: readonly RawFlight[]): FlightFile {
    const path = join(directory, 'flights.json');
    writeFileSync(path, JSON.stringify(flights));
    return { path, format: 'json', everyNthRow: 1 };
  }

  it('should count a tiny file by its rules', async () => {
    const counts = await countIndependently(
      fileOf([
        FLIGHT,
        { ...FLIGHT, delay: 15 },
        { ...FLIGHT, delay: 14 },
        { ...FLIGHT, delay: -181 },
        { ...FLIGHT, origin: '???' },
        { ...FLIGHT, destination: 'DTW', distance: 0 },
        { ...FLIGHT, distance: 2816 },
        { ...FLIGHT, date: '2001/02/31 10:00' },
      ]),
    );
    assert.deepEqual(counts, {
      'on-time': { records: 1, delayMinutes: 14 },
      late: { records: 2, delayMinutes: 81 },
      cancelled: { records: 0, delayMinutes: 0 },
      unreadable: { records: 5, delayMinutes: 0 },
    });
  });

  it('should know which records the loader cancelled and spoiled', async () => {
    const counts = await countIndependently(fileOf(Array.from({ length: 500 }, () => FLIGHT)));
    assert.equal(counts.cancelled.records, 20);
    assert.equal(counts.unreadable.records, 2);
    assert.equal(counts.late.records, 478);
  });

  it('should agree with the service on every flight of the published files of 2,000 and 20,000', async () => {
    for (const set of ['2k', '20k'] as const) {
      const file = flightFile(set);
      const expected = await countIndependently(file);
      assert.equal(totalRecords(expected), set === '2k' ? 2000 : 20_000);
      const { counts, delays } = await countByReading(file);
      assert.deepEqual(disagreements(counts, expected), []);
      const expectedDelays = await delaysIndependently(file);
      assert.deepEqual(differingAirports(delays, expectedDelays), []);
      const arrived = [...expectedDelays.values()].reduce((sum, { flights }) => sum + flights, 0);
      assert.equal(arrived, expected['on-time'].records + expected.late.records);
    }
  });
});

/** The service's own rules over what the loader would write, without Kafka between them. */
async function countByReading(file: FlightFile): Promise<{ counts: RouteCounts; delays: DelayTable }> {
  const reader = new FlightReader(AirportTable.load());
  const counts: Record<Route, { records: number; delayMinutes: number }> = {
    'on-time': { records: 0, delayMinutes: 0 },
    late: { records: 0, delayMinutes: 0 },
    cancelled: { records: 0, delayMinutes: 0 },
    unreadable: { records: 0, delayMinutes: 0 },
  };
  const delays = new Map<string, AirportDelays>();
  let index = 0;
  for await (const flights of readFlights(file)) {
    for (const raw of flights) {
      const flight = readOrRefuse(reader, treatedValue(raw, treatmentOf(index++)));
      const count = counts[flight?.status ?? 'unreadable'];
      count.records++;
      count.delayMinutes += flight?.delayMinutes ?? 0;
      if (typeof flight?.delayMinutes !== 'number') continue;
      delays.set(flight.origin, withFlight(delays.get(flight.origin) ?? noDelays(), flight));
    }
  }
  return { counts, delays };
}

function readOrRefuse(reader: FlightReader, value: string | null): Flight | undefined {
  try {
    return reader.read(JSON.parse(value ?? 'null'));
  } catch {
    return undefined;
  }
}
