import type { ConsumedRecord } from '@millrace/framework';
import { DELAY_BUCKETS, type DelayBucket } from '../airports/airport-delays.js';
import { busiestAirports, differingAirports, type DelayTable } from '../check/delay-table.js';
import type { OutputSummary } from '../check/output-reader.js';
import { disagreements, ROUTES, totalRecords, type Route, type RouteCounts } from '../check/route-counts.js';
import type { FlightTopics } from '../topics.js';
import { renderTable, type Column } from './table.js';
import { formatCount, type Terminal } from './terminal.js';

export interface DemoResult {
  readonly topics: FlightTopics;
  /** Records in the input topic. */
  readonly recordsIn: number;
  readonly output: OutputSummary;
  /** What DuckDB found in the same file. */
  readonly expected: RouteCounts;
  /** The table of delays as it stands in Kafka. */
  readonly delays: DelayTable;
  /** What DuckDB makes of the same file. */
  readonly expectedDelays: DelayTable;
  /** How long the service worked on the records. */
  readonly durationMs: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'route', align: 'left' },
  { title: 'topic', align: 'left' },
  { title: 'records in', align: 'right' },
  { title: 'out', align: 'right' },
  { title: 'dead-lettered', align: 'right' },
  { title: 'records/s', align: 'right' },
  { title: 'DuckDB', align: 'right' },
  { title: '', align: 'left' },
];

const ROUTE_TITLES: Readonly<Record<Route, string>> = {
  'on-time': 'on time',
  late: 'late',
  cancelled: 'cancelled',
  unreadable: 'unreadable',
};

/** One row per route, and the sum. A record that enters a route leaves it to its topic or to the dead-letter topic. */
export function summaryTable(result: DemoResult): string[] {
  const { counts } = result.output;
  const wrong = disagreements(counts, result.expected);
  const rate = (records: number): string => formatCount(records / (result.durationMs / 1000));
  const rows = ROUTES.map((route) => {
    const { records } = counts[route];
    const isDead = route === 'unreadable';
    return [
      ROUTE_TITLES[route],
      isDead ? result.topics.unreadable : result.topics.routes[route],
      formatCount(records),
      formatCount(isDead ? 0 : records),
      formatCount(isDead ? records : 0),
      rate(records),
      formatCount(result.expected[route].records),
      wrong.includes(route) ? 'DIFFERS' : 'agrees',
    ];
  });
  const written = totalRecords(counts);
  const dead = counts.unreadable.records;
  const expected = totalRecords(result.expected);
  const total = [
    'all',
    result.topics.flights,
    formatCount(result.recordsIn),
    formatCount(written - dead),
    formatCount(dead),
    rate(written),
    formatCount(expected),
    written === expected && result.recordsIn === expected ? 'agrees' : 'DIFFERS',
  ];
  return renderTable(COLUMNS, [...rows, undefined, total]);
}

/** True if every record of the input came out once, on the route where DuckDB sees it. */
export function countsAgree(result: DemoResult): boolean {
  const { counts } = result.output;
  return disagreements(counts, result.expected).length === 0 && totalRecords(counts) === result.recordsIn;
}

/** The line that says whether service and DuckDB agree. */
export function verdict(result: DemoResult): string {
  const { counts } = result.output;
  if (countsAgree(result)) {
    return (
      `The counts agree: DuckDB, asked with rules of its own about the same file, finds the same records on every route ` +
      `(and the same ${formatCount(counts.late.delayMinutes)} minutes of delay on the late ones).`
    );
  }
  const differences = disagreements(counts, result.expected).map((route) => {
    const found = counts[route];
    const expected = result.expected[route];
    return (
      `${ROUTE_TITLES[route]}: Kafka has ${found.records} records with ${found.delayMinutes} minutes of delay, ` +
      `DuckDB counts ${expected.records} with ${expected.delayMinutes}`
    );
  });
  if (totalRecords(counts) !== result.recordsIn) {
    differences.push(`${result.recordsIn} records went in and ${totalRecords(counts)} came out`);
  }
  return `The counts DO NOT agree. ${differences.join('; ')}.`;
}

const BUSIEST = 5;
const SHOWN_DIFFERENCES = 3;

const BUCKET_TITLES: Readonly<Record<DelayBucket, string>> = {
  early: 'early',
  onTime: 'on time',
  underOneHour: '< 1 h',
  underThreeHours: '< 3 h',
  longer: 'longer',
};

/** Count, mean and distribution of the delays at the airports with the most flights. */
export function busiestTable(result: DemoResult): string[] {
  const wrong = differingAirports(result.delays, result.expectedDelays);
  const right = (title: string): Column => ({ title, align: 'right' });
  const columns: readonly Column[] = [
    { title: 'airport', align: 'left' },
    ...['flights', 'mean delay', ...DELAY_BUCKETS.map(({ name }) => BUCKET_TITLES[name])].map(right),
    { title: '', align: 'left' },
  ];
  const rows = busiestAirports(result.delays, BUSIEST).map(([airport, { flights, meanDelayMinutes, buckets }]) => [
    airport,
    formatCount(flights),
    `${meanDelayMinutes.toFixed(2)} min`,
    ...DELAY_BUCKETS.map(({ name }) => formatCount(buckets[name])),
    wrong.includes(airport) ? 'DIFFERS' : 'agrees',
  ]);
  return renderTable(columns, rows);
}

/** True if count, mean and distribution are the same at each airport. */
export function delaysAgree(result: DemoResult): boolean {
  return result.delays.size > 0 && differingAirports(result.delays, result.expectedDelays).length === 0;
}

/** The line that says whether the delays agree. */
export function delayVerdict(result: DemoResult): string {
  if (delaysAgree(result)) {
    return (
      `The delays agree: count, mean and distribution are the same at each of the ` +
      `${formatCount(result.delays.size)} airports.`
    );
  }
  const wrong = differingAirports(result.delays, result.expectedDelays);
  const differences = wrong.slice(0, SHOWN_DIFFERENCES).map((airport) => {
    const [found, expected] = [result.delays.get(airport), result.expectedDelays.get(airport)];
    return `${airport}: Kafka has ${JSON.stringify(found ?? null)}, DuckDB ${JSON.stringify(expected ?? null)}`;
  });
  return `The delays DO NOT agree at ${formatCount(wrong.length)} airports. ${differences.join('; ')}.`;
}

/** A few records as they stand in Kafka now. */
export function printExamples(terminal: Terminal, result: DemoResult): void {
  const { examples } = result.output;
  for (const route of ROUTES) {
    for (const record of examples[route].slice(0, route === 'unreadable' ? 3 : 1)) {
      terminal.detail(`${terminal.paint('bold', ROUTE_TITLES[route].padEnd(10))} ${exampleText(route, record)}`);
    }
  }
}

function exampleText(route: Route, record: ConsumedRecord): string {
  const value = record.value === null ? '(no value)' : record.value.toString();
  if (route !== 'unreadable') return value;
  const message =
    record.headers.find(({ key }) => key === '__streams.errors.message')?.value?.toString() ?? 'no reason';
  return `${value}  <- ${message}`;
}
