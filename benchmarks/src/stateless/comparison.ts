import { median, round } from '../common/results.js';
import type { RunFigures, Stretch } from '../common/stopwatch.js';

export type Side = 'plain' | 'millrace';

export interface Run extends RunFigures {
  readonly side: Side;
  readonly round: number;
}

interface SideSummary {
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
}

/** Millrace's figure divided by the plain loop's, of the two runs of each round: median and extremes over the rounds. */
interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

interface StretchSummary {
  /** Medians over the rounds. */
  readonly millrace: SideSummary;
  readonly plain: SideSummary;
  readonly rateRatio: Ratio;
  readonly cpuRatio: Ratio;
}

export type Summary = Readonly<Record<'whole' | 'warm', StretchSummary>>;

export function summarise(runs: readonly Run[]): Summary {
  return { whole: summariseStretch(runs, 'whole'), warm: summariseStretch(runs, 'warm') };
}

function summariseStretch(runs: readonly Run[], name: 'whole' | 'warm'): StretchSummary {
  const of = (side: Side): readonly Stretch[] =>
    runs
      .filter((run) => run.side === side)
      .sort((left, right) => left.round - right.round)
      .map((run) => run[name]);
  const millrace = of('millrace');
  const plain = of('plain');
  return {
    millrace: summariseSide(millrace),
    plain: summariseSide(plain),
    rateRatio: ratioOf(millrace, plain, (stretch) => stretch.recordsPerSecond),
    cpuRatio: ratioOf(millrace, plain, (stretch) => stretch.cpuMicrosPerRecord),
  };
}

function summariseSide(stretches: readonly Stretch[]): SideSummary {
  return {
    recordsPerSecond: Math.round(median(stretches.map((stretch) => stretch.recordsPerSecond))),
    cpuMicrosPerRecord: round(median(stretches.map((stretch) => stretch.cpuMicrosPerRecord))),
  };
}

/** Round by round: the two runs of a round follow each other, so that a machine that gets busier hits both. */
function ratioOf(millrace: readonly Stretch[], plain: readonly Stretch[], figure: (of: Stretch) => number): Ratio {
  const ratios = plain.map((stretch, index) => {
    const counterpart = millrace[index];
    if (counterpart === undefined) throw new Error(`Round ${index + 1} has no run of Millrace.`);
    return figure(counterpart) / figure(stretch);
  });
  return { median: round(median(ratios)), least: round(Math.min(...ratios)), most: round(Math.max(...ratios)) };
}

export function printRun(run: Run): void {
  const text = (stretch: Stretch): string =>
    `${Math.round(stretch.recordsPerSecond)} records/s, ${round(stretch.cpuMicrosPerRecord)} us CPU`;
  console.log(`round ${run.round} ${run.side.padEnd(8)} whole ${text(run.whole)}; second half ${text(run.warm)}`);
}

export function printSummary(summary: Summary): void {
  const titles = { whole: 'whole run  ', warm: 'second half' } as const;
  for (const name of ['whole', 'warm'] as const) {
    const { millrace, plain, rateRatio, cpuRatio } = summary[name];
    console.log(
      `${titles[name]}: Millrace ${millrace.recordsPerSecond} records/s at ${millrace.cpuMicrosPerRecord} us CPU, ` +
        `plain loop ${plain.recordsPerSecond} at ${plain.cpuMicrosPerRecord}: ` +
        `rate x${ratioText(rateRatio)}, CPU x${ratioText(cpuRatio)}`,
    );
  }
}

function ratioText({ median: middle, least, most }: Ratio): string {
  return `${middle} (${least} to ${most})`;
}
