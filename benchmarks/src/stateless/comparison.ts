import { compare, comparisonText, type Comparison } from '../common/ratios.js';
import { round } from '../common/results.js';
import type { RunFigures, Stretch } from '../common/stopwatch.js';

/** What Millrace is compared with, and how it is called in the output. */
const OTHERS = { kafkaStreams: 'Kafka Streams', plain: 'plain loop' } as const;
const NAMES = { millrace: 'Millrace', ...OTHERS } as const;

export type Other = keyof typeof OTHERS;
export type Side = keyof typeof NAMES;

export interface Run extends RunFigures {
  readonly side: Side;
  readonly round: number;
}

export type Summary = Readonly<Record<'whole' | 'warm', Readonly<Record<Other, Comparison>>>>;

export function summarise(runs: readonly Run[]): Summary {
  return { whole: summariseStretch(runs, 'whole'), warm: summariseStretch(runs, 'warm') };
}

function summariseStretch(runs: readonly Run[], name: 'whole' | 'warm'): Record<Other, Comparison> {
  const of = (side: Side): readonly Stretch[] =>
    runs
      .filter((run) => run.side === side)
      .sort((left, right) => left.round - right.round)
      .map((run) => run[name]);
  const millrace = of('millrace');
  return { kafkaStreams: compare(millrace, of('kafkaStreams')), plain: compare(millrace, of('plain')) };
}

export function printRun(run: Run): void {
  const text = (stretch: Stretch): string =>
    `${Math.round(stretch.recordsPerSecond)} records/s, ${round(stretch.cpuMicrosPerRecord)} us CPU`;
  console.log(
    `round ${run.round} ${NAMES[run.side].padEnd(13)} whole ${text(run.whole)}; second half ${text(run.warm)}`,
  );
}

export function printSummary(summary: Summary): void {
  const titles = { whole: 'whole run  ', warm: 'second half' } as const;
  for (const name of ['whole', 'warm'] as const) {
    for (const other of ['kafkaStreams', 'plain'] as const) {
      console.log(`${titles[name]}: ${comparisonText(OTHERS[other], summary[name][other])}`);
    }
  }
}
