import assert from 'node:assert/strict';
import type { Route, RouteCount, RouteCounts } from '../../dist/check/route-counts.js';
import type { AirportDelays } from '../../dist/airports/airport-delays.js';
import {
  busiestTable,
  countsAgree,
  delayVerdict,
  delaysAgree,
  summaryTable,
  verdict,
  type DemoResult,
} from '../../dist/demo/summary.js';
import { flightTopics } from '../../dist/topics.js';

const COUNTS: RouteCounts = {
  'on-time': { records: 70, delayMinutes: -100 },
  late: { records: 20, delayMinutes: 900 },
  cancelled: { records: 6, delayMinutes: 0 },
  unreadable: { records: 4, delayMinutes: 0 },
};

const DELAYS: AirportDelays = {
  flights: 90,
  delayMinutes: 800,
  meanDelayMinutes: 800 / 90,
  buckets: { early: 40, onTime: 30, underOneHour: 15, underThreeHours: 4, longer: 1 },
};

describe('summary of the demo', () => {
  it('should agree when every route has the same records and delays', () => {
    const result = resultOf({});
    assert.equal(countsAgree(result), true);
    assert.match(verdict(result), /^The counts agree/);
    assert.ok(summaryTable(result).every((line) => !line.includes('DIFFERS')));
  });

  it('should show records out, dead-lettered and per second', () => {
    const [, , onTime, , , unreadable, , all] = summaryTable(resultOf({}));
    assert.match(onTime ?? '', /^on time +flights-on-time +70 +70 +0 +35 +70 {2}agrees$/);
    assert.match(unreadable ?? '', /^unreadable +flights-unreadable +4 +0 +4 +2 +4 {2}agrees$/);
    assert.match(all ?? '', /^all +flights +100 +96 +4 +50 +100 {2}agrees$/);
  });

  it('should not agree when a record is missing, doubled or changed', () => {
    const changes: Partial<Record<Route, RouteCount>>[] = [
      { late: { records: 19, delayMinutes: 880 } },
      { late: { records: 21, delayMinutes: 920 } },
      { late: { records: 20, delayMinutes: 901 } },
      { unreadable: { records: 5, delayMinutes: 0 }, late: { records: 19, delayMinutes: 880 } },
    ];
    for (const change of changes) {
      const result = resultOf(change);
      assert.equal(countsAgree(result), false, JSON.stringify(change));
      assert.match(verdict(result), /^The counts DO NOT agree\. .*late: Kafka has/);
      assert.ok(summaryTable(result).some((line) => line.startsWith('late') && line.endsWith('DIFFERS')));
    }
  });

  it('should not agree when what came out is not what went in', () => {
    const result = { ...resultOf({}), recordsIn: 101 };
    assert.equal(countsAgree(result), false);
    assert.match(verdict(result), /101 records went in and 100 came out/);
  });
});

describe('summary of the delays', () => {
  it('should show the busiest airports first, and say that they agree', () => {
    const delays = new Map(
      ['A', 'B', 'C', 'D', 'E', 'F'].map((code, index) => [code, { ...DELAYS, flights: 1000 * (index + 1) }]),
    );
    const result = { ...resultOf({}), delays, expectedDelays: delays };
    assert.equal(delaysAgree(result), true);
    assert.match(delayVerdict(result), /^The delays agree: .* at each of the 6 airports/);
    const [, , ...rows] = busiestTable(result);
    assert.deepEqual(
      rows.map((row) => row.slice(0, 1)),
      ['F', 'E', 'D', 'C', 'B'],
    );
    assert.match(rows[0] ?? '', /^F +6,000 +8\.89 min +40 +30 +15 +4 +1 {2}agrees$/);
  });

  it('should not agree when a count, a mean or a bucket differs, or an airport is on one side only', () => {
    const { buckets } = DELAYS;
    const others: (AirportDelays | undefined)[] = [
      { ...DELAYS, flights: 91 },
      { ...DELAYS, delayMinutes: 801 },
      { ...DELAYS, meanDelayMinutes: 8.889 },
      { ...DELAYS, buckets: { ...buckets, early: 39, onTime: 31 } },
      undefined,
    ];
    for (const other of others) {
      const delays = new Map(other === undefined ? [['SEA', DELAYS]] : [['ATL', other]]);
      const result = { ...resultOf({}), delays };
      assert.equal(delaysAgree(result), false, JSON.stringify(other));
      assert.match(delayVerdict(result), /^The delays DO NOT agree at \d airports\. ATL: Kafka has/);
    }
    assert.equal(delaysAgree({ ...resultOf({}), delays: new Map(), expectedDelays: new Map() }), false);
  });
});

function resultOf(change: Partial<Record<Route, RouteCount>>): DemoResult {
  return {
    topics: flightTopics(),
    recordsIn: 100,
    output: {
      counts: { ...COUNTS, ...change },
      examples: { 'on-time': [], late: [], cancelled: [], unreadable: [] },
    },
    expected: COUNTS,
    delays: new Map([['ATL', DELAYS]]),
    expectedDelays: new Map([['ATL', DELAYS]]),
    durationMs: 2000,
  };
}
