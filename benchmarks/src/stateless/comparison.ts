import { compare, comparisonText, runText, stretchesOf, type Comparison } from '../common/ratios.js';
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
  const of = (side: Side): readonly Stretch[] => stretchesOf(runs, side, name);
  const millrace = of('millrace');
  return { kafkaStreams: compare(millrace, of('kafkaStreams')), plain: compare(millrace, of('plain')) };
}

export function printRun(run: Run): void {
  console.log(`round ${run.round} ${NAMES[run.side].padEnd(13)} ${runText(run)}`);
}

export function printSummary(summary: Summary): void {
  const titles = { whole: 'whole run  ', warm: 'second half' } as const;
  for (const name of ['whole', 'warm'] as const) {
    for (const other of ['kafkaStreams', 'plain'] as const) {
      console.log(`${titles[name]}: ${comparisonText(OTHERS[other], summary[name][other])}`);
    }
  }
}
