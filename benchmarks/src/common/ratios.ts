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
    `rate x${rateRatio.median} (${rateRatio.least} to ${rateRatio.most}), CPU x${cpuRatio.median} (${cpuRatio.least} to ${cpuRatio.most})`
  );
}

function figuresOf(stretches: readonly Stretch[]): Figures {
  return {
    recordsPerSecond: Math.round(median(stretches.map((stretch) => stretch.recordsPerSecond))),
    cpuMicrosPerRecord: round(median(stretches.map((stretch) => stretch.cpuMicrosPerRecord))),
  };
}

function ratioOf(ours: readonly Stretch[], theirs: readonly Stretch[], figure: (of: Stretch) => number): Ratio {
  const ratios = theirs.map((stretch, index) => {
    const counterpart = ours[index];
    if (counterpart === undefined) throw new Error(`Round ${index + 1} has a run of one side only.`);
    return figure(counterpart) / figure(stretch);
  });
  return { median: round(median(ratios)), least: round(Math.min(...ratios)), most: round(Math.max(...ratios)) };
}
