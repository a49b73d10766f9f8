import { figuresOf, ratioOf, ratioText, runText, stretchesOf, type Figures, type Ratio } from '../common/ratios.js';
import type { ReadRun, Side } from './read-job.js';
import { SIDES } from './read-job.js';

export interface SideSummary extends Figures {
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
  const wire = stretchesOf(runs, 'wire', name);
  const summary = (side: Side): SideSummary => {
    const stretches = stretchesOf(runs, side, name);
    return {
      ...figuresOf(stretches),
      wireRate: ratioOf(wire, stretches, ({ recordsPerSecond }) => recordsPerSecond),
      wireCpu: ratioOf(wire, stretches, ({ cpuMicrosPerRecord }) => cpuMicrosPerRecord),
    };
  };
  return { wire: summary('wire'), addon: summary('addon'), java: summary('java') };
}

export function printRun(run: ReadRun): void {
  console.log(`round ${run.round}, ${run.valueBytes} B, ${run.side.padEnd(5)}: ${runText(run)}`);
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
