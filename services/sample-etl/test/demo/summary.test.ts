import assert from 'node:assert/strict';
import type { Route, RouteCount, RouteCounts } from '../../dist/check/route-counts.js';
import { countsAgree, summaryTable, verdict, type DemoResult } from '../../dist/demo/summary.js';
import { flightTopics } from '../../dist/topics.js';

const COUNTS: RouteCounts = {
  'on-time': { records: 70, delayMinutes: -100 },
  late: { records: 20, delayMinutes: 900 },
  cancelled: { records: 6, delayMinutes: 0 },
  unreadable: { records: 4, delayMinutes: 0 },
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

function resultOf(change: Partial<Record<Route, RouteCount>>): DemoResult {
  return {
    topics: flightTopics(),
    recordsIn: 100,
    output: {
      counts: { ...COUNTS, ...change },
      examples: { 'on-time': [], late: [], cancelled: [], unreadable: [] },
    },
    expected: COUNTS,
    durationMs: 2000,
  };
}
