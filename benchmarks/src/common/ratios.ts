import { median, round } from './results.js';
import type { Stretch } from './stopwatch.js';

/** Ours divided by theirs, of the two runs of each round: median and extremes over the rounds. */
export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Comparison {
  /** Medians over the rounds. */
  readonly millrace: Figures;
  readonly other: Figures;
  readonly rateRatio: Ratio;
  readonly cpuRatio: Ratio;
}

export interface Figures {
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
}

/** @param millrace one stretch a round. @param other those of the same rounds, in the same order */
export function compare(millrace: readonly Stretch[], other: readonly Stretch[]): Comparison {
  return {
    millrace: figuresOf(millrace),
    other: figuresOf(other),
    rateRatio: ratioOf(millrace, other, (stretch) => stretch.recordsPerSecond),
    cpuRatio: ratioOf(millrace, other, (stretch) => stretch.cpuMicrosPerRecord),
  };
}

/** @param otherName what Millrace is compared with */
export function comparisonText(otherName: string, { millrace, other, rateRatio, cpuRatio }: Comparison): string {
  return (
    `Millrace ${millrace.recordsPerSecond}/s at ${millrace.cpuMicrosPerRecord} us CPU, ` +
    `${otherName} ${other.recordsPerSecond}/s at ${other.cpuMicrosPerRecord}: ` +
    `rate x${ratioText(rateRatio)}, CPU x${ratioText(cpuRatio)}`
  );
}

/** Medians over the rounds. */
export function figuresOf(stretches: readonly Stretch[]): Figures {
  return {
    recordsPerSecond: Math.round(median(stretches.map((stretch) => stretch.recordsPerSecond))),
    cpuMicrosPerRecord: round(median(stretches.map((stretch) => stretch.cpuMicrosPerRecord))),
  };
}

/** Round by round: the runs of a round follow each other, so that a machine that gets busier hits all of them. */
export function ratioOf(ours: readonly Stretch[], theirs: readonly Stretch[], figure: (of: Stretch) => number): Ratio {
  const ratios = theirs.map((stretch, index) => {
    const counterpart = ours[index];
    if (counterpart === undefined) throw new Error(`Round ${index + 1} has a run of one side only.`);
    return figure(counterpart) / figure(stretch);
  });
  return { median: round(median(ratios)), least: round(Math.min(...ratios)), most: round(Math.max(...ratios)) };
}

export function ratioText({ median: middle, least, most }: Ratio): string {
  return `${middle} (${least} to ${most})`;
}

/** Whole run and second half of one run. */
export function runText({ whole, warm }: Readonly<Record<'whole' | 'warm', Stretch>>): string {
  const text = ({ recordsPerSecond, cpuMicrosPerRecord }: Stretch): string =>
    `${Math.round(recordsPerSecond)} records/s, ${round(cpuMicrosPerRecord)} us CPU`;
  return `whole ${text(whole)}; second half ${text(warm)}`;
}

interface SideRun<Side> extends Readonly<Record<'whole' | 'warm', Stretch>> {
  readonly side: Side;
  readonly round: number;
}

/** One stretch of each run of a side, in the order of the rounds. */
export function stretchesOf<Side>(runs: readonly SideRun<Side>[], side: Side, name: 'whole' | 'warm'): Stretch[] {
  return runs
    .filter((run) => run.side === side)
    .sort((left, right) => left.round - right.round)
    .map((run) => run[name]);
}
