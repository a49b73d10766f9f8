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

/** Medians over the rounds; a ratio is Millrace's figure divided by the plain loop's. */
interface StretchSummary {
  readonly millrace: SideSummary;
  readonly plain: SideSummary;
  readonly rateRatio: number;
  readonly cpuRatio: number;
}

export type Summary = Readonly<Record<'whole' | 'warm', StretchSummary>>;

export function summarise(runs: readonly Run[]): Summary {
  return { whole: summariseStretch(runs, 'whole'), warm: summariseStretch(runs, 'warm') };
}

function summariseStretch(runs: readonly Run[], name: 'whole' | 'warm'): StretchSummary {
  const ofSide = (side: Side): SideSummary => {
    const stretches = runs.filter((run) => run.side === side).map((run) => run[name]);
    return {
      recordsPerSecond: Math.round(median(stretches.map((stretch) => stretch.recordsPerSecond))),
      cpuMicrosPerRecord: round(median(stretches.map((stretch) => stretch.cpuMicrosPerRecord))),
    };
  };
  const millrace = ofSide('millrace');
  const plain = ofSide('plain');
  return {
    millrace,
    plain,
    rateRatio: round(millrace.recordsPerSecond / plain.recordsPerSecond),
    cpuRatio: round(millrace.cpuMicrosPerRecord / plain.cpuMicrosPerRecord),
  };
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
        `plain loop ${plain.recordsPerSecond} at ${plain.cpuMicrosPerRecord}: rate x${rateRatio}, CPU x${cpuRatio}`,
    );
  }
}
