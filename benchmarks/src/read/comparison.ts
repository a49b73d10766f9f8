import { median, round } from '../common/results.js';
import type { Stretch } from '../common/stopwatch.js';
import type { ReadRun, Side } from './read-job.js';
import { SIDES } from './read-job.js';

/** The wire fetcher's figure divided by another side's, of the runs of one round: median and extremes over the rounds. */
export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface SideSummary {
  /** Medians over the rounds. */
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
  /** What the wire fetcher has of it. */
  readonly wireRate: Ratio;
  readonly wireCpu: Ratio;
}

export interface SizeSummary {
  readonly valueBytes: number;
  readonly whole: Readonly<Record<Side, SideSummary>>;
  readonly warm: Readonly<Record<Side, SideSummary>>;
}

export function summarise(runs: readonly ReadRun[]): SizeSummary[] {
  const sizes = [...new Set(runs.map(({ valueBytes }) => valueBytes))];
  return sizes.map((valueBytes) => {
    const ofSize = runs.filter((run) => run.valueBytes === valueBytes);
    return { valueBytes, whole: summariseStretch(ofSize, 'whole'), warm: summariseStretch(ofSize, 'warm') };
  });
}

function summariseStretch(runs: readonly ReadRun[], name: 'whole' | 'warm'): Record<Side, SideSummary> {
  const of = (side: Side): Stretch[] =>
    runs
      .filter((run) => run.side === side)
      .sort((left, right) => left.round - right.round)
      .map((run) => run[name]);
  const wire = of('wire');
  const summary = (side: Side): SideSummary => {
    const stretches = of(side);
    return {
      recordsPerSecond: Math.round(median(stretches.map(({ recordsPerSecond }) => recordsPerSecond))),
      cpuMicrosPerRecord: round(median(stretches.map(({ cpuMicrosPerRecord }) => cpuMicrosPerRecord))),
      wireRate: ratioOf(wire, stretches, ({ recordsPerSecond }) => recordsPerSecond),
      wireCpu: ratioOf(wire, stretches, ({ cpuMicrosPerRecord }) => cpuMicrosPerRecord),
    };
  };
  return { wire: summary('wire'), addon: summary('addon'), java: summary('java') };
}

/** Round by round: the runs of a round follow each other, so that a machine that gets busier hits all of them. */
function ratioOf(wire: readonly Stretch[], others: readonly Stretch[], figure: (of: Stretch) => number): Ratio {
  const ratios = others.map((other, index) => {
    const ours = wire[index];
    if (ours === undefined) throw new Error(`Round ${index + 1} has no run of the wire fetcher.`);
    return figure(ours) / figure(other);
  });
  return { median: round(median(ratios)), least: round(Math.min(...ratios)), most: round(Math.max(...ratios)) };
}

export function printRun({ round: number, side, valueBytes, whole, warm }: ReadRun): void {
  const text = ({ recordsPerSecond, cpuMicrosPerRecord }: Stretch): string =>
    `${Math.round(recordsPerSecond)} records/s, ${round(cpuMicrosPerRecord)} us CPU`;
  console.log(`round ${number}, ${valueBytes} B, ${side.padEnd(5)}: ${text(whole)}; second half ${text(warm)}`);
}

export function printSummary(sizes: readonly SizeSummary[]): void {
  for (const { valueBytes, whole, warm } of sizes) {
    for (const [title, sides] of [
      ['whole run', whole],
      ['second half', warm],
    ] as const) {
      for (const side of SIDES) {
        const { recordsPerSecond, cpuMicrosPerRecord, wireRate, wireCpu } = sides[side];
        const ratios =
          side === 'wire' ? '' : `: wire has x${ratioText(wireRate)} of its rate, x${ratioText(wireCpu)} of its CPU`;
        console.log(`${title}, ${valueBytes} B, ${side}: ${recordsPerSecond}/s at ${cpuMicrosPerRecord} us${ratios}`);
      }
    }
  }
}

function ratioText({ median: middle, least, most }: Ratio): string {
  return `${middle} (${least} to ${most})`;
}
