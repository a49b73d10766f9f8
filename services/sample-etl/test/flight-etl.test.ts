import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serdes, serviceTopology, type KeyValueStore } from '@millrace/framework';
import { TopologyTestDriver, type TestInputTopic, type TestOutputTopic } from '@millrace/framework/testing';
import { noDelays, withFlight, type AirportDelays } from '../dist/airports/airport-delays.js';
import { AIRPORT_DELAYS_STORE, FlightEtl, UNREADABLE_TO_DEAD_LETTER } from '../dist/flight-etl.js';
import type { Flight, RawFlight } from '../dist/flights/flight.js';
import { SPOILINGS, treatedValue, type Treatment } from '../dist/loader/spoiling-plan.js';

const FLIGHT: RawFlight = { date: '2001/01/01 00:47', delay: 66, distance: 1750, origin: 'DTW', destination: 'LAS' };
const NORMAL: Flight = {
  ...{ status: 'late', departure: '2001-01-01T00:47:00', route: 'DTW-LAS', delayMinutes: 66, distanceKm: 2816 },
  ...{ origin: 'DTW', originCity: 'Detroit', destination: 'LAS', destinationCity: 'Las Vegas' },
};
const TIMESTAMP = Date.UTC(2001, 0, 1, 0, 47);

describe('FlightEtl', () => {
  let driver: TopologyTestDriver;
  let input: TestInputTopic<string, string>;
  let outputs: Record<'on-time' | 'late' | 'cancelled', TestOutputTopic<string, Flight>>;
  let unreadable: TestOutputTopic<string, string>;

  beforeEach(async () => {
    driver = new TopologyTestDriver(await serviceTopology(FlightEtl), {
      deadLetterTopic: 'flights-unreadable',
      ...UNREADABLE_TO_DEAD_LETTER,
    });
    input = driver.createInputTopic('flights', serdes.string, serdes.string);
    const output = (topic: string): TestOutputTopic<string, Flight> =>
      driver.createOutputTopic(topic, serdes.string, serdes.json<Flight>());
    outputs = {
      'on-time': output('flights-on-time'),
      late: output('flights-late'),
      cancelled: output('flights-cancelled'),
    };
    unreadable = driver.createOutputTopic('flights-unreadable', serdes.string, serdes.string);
  });
  afterEach(() => driver.close());

  async function pipe(treatment: Treatment, flight = FLIGHT): Promise<void> {
    await input.pipe('DTW', treatedValue(flight, treatment), { timestamp: TIMESTAMP });
  }

  it('should send each flight to the topic of its route, with key and time as they came', async () => {
    await pipe('unchanged');
    await pipe('unchanged', { ...FLIGHT, delay: 14 });
    await pipe('cancelled');
    await pipe('untidy', { ...FLIGHT, delay: -5 });
    assert.deepEqual(
      outputs['on-time'].readValues().map((flight) => flight?.delayMinutes),
      [14, -5],
    );
    const late = outputs.late.readAll();
    assert.equal(late.length, 1);
    assert.equal(late[0]?.key, 'DTW');
    assert.equal(late[0]?.timestamp, TIMESTAMP);
    assert.deepEqual(late[0]?.value, {
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
    assert.deepEqual(
      outputs.cancelled.readValues().map((flight) => flight?.delayMinutes),
      [null],
    );
    assert.ok(unreadable.isEmpty);
  });

  it('should send every kind of spoiled record to the dead-letter topic, unchanged and with the reason', async () => {
    for (const spoiling of SPOILINGS) await pipe(spoiling);
    const dead = unreadable.readAll();
    assert.deepEqual(
      dead.map(({ value }) => value),
      SPOILINGS.map((spoiling) => treatedValue(FLIGHT, spoiling)),
    );
    for (const { key, timestamp, headers } of dead) {
      assert.equal(key, 'DTW');
      assert.equal(timestamp, TIMESTAMP);
      const header = (name: string): string | undefined =>
        headers.find((candidate) => candidate.key === `__streams.errors.${name}`)?.value?.toString();
      assert.equal(header('topic'), 'flights');
      assert.ok((header('message') ?? '').length > 0);
    }
    for (const output of Object.values(outputs)) assert.ok(output.isEmpty);
  });

  it('should keep count of the delays of each airport, without cancelled and unreadable flights', async () => {
    const changes = driver.createOutputTopic('flights-airport-delays', serdes.string, serdes.json<AirportDelays>());
    for (const delay of [-5, 0, 14, 15, 59, 60, 179, 180, 600]) await pipe('unchanged', { ...FLIGHT, delay });
    await pipe('cancelled');
    for (const spoiling of SPOILINGS) await pipe(spoiling);
    const lasVegas = { ...FLIGHT, origin: 'LAS', destination: 'DTW', delay: 7 };
    await input.pipe('LAS', treatedValue(lasVegas, 'untidy'), { timestamp: TIMESTAMP });

    const rows = changes.readKeyValues();
    assert.equal(rows.length, 10);
    const detroit: AirportDelays = {
      flights: 9,
      delayMinutes: 1102,
      meanDelayMinutes: 1102 / 9,
      buckets: { early: 1, onTime: 2, underOneHour: 2, underThreeHours: 2, longer: 2 },
    };
    assert.deepEqual(rows.at(-2), ['DTW', detroit]);
    assert.deepEqual(rows.at(-1)?.[0], 'LAS');
    assert.equal(rows.at(-1)?.[1]?.meanDelayMinutes, 7);
    const store = driver.getStateStore<KeyValueStore<string, { value: AirportDelays }>>(AIRPORT_DELAYS_STORE);
    assert.deepEqual(store.get('DTW')?.value, detroit);
    assert.deepEqual(
      [...store.all()].map(([airport]) => airport),
      ['DTW', 'LAS'],
    );
  });

  it('should put each delay into one bucket, and add up whatever the order', () => {
    const flights = fc.array(fc.integer({ min: -180, max: 2880 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(flights, (delays) => {
        const flight = (delayMinutes: number): Flight => ({ ...NORMAL, delayMinutes });
        const add = (list: readonly number[]): AirportDelays =>
          list.reduce((sum, delay) => withFlight(sum, flight(delay)), noDelays());
        const result = add(delays);
        assert.deepEqual(result, add(delays.toReversed()));
        assert.equal(result.flights, delays.length);
        assert.equal(
          Object.values(result.buckets).reduce((sum, count) => sum + count),
          delays.length,
        );
        assert.equal(result.buckets.early, delays.filter((delay) => delay < 0).length);
        assert.equal(result.meanDelayMinutes, delays.reduce((sum, delay) => sum + delay, 0) / delays.length);
      }),
    );
  });

  it('should name its nodes, so that the topology can grow without renaming', async () => {
    const description = (await serviceTopology(FlightEtl)).describe();
    for (const name of ['flights', 'read-flight', 'route-by-status-', 'arrived', 'count-delays'])
      assert.ok(description.includes(name), name);
  });
});
