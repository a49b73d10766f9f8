import { median, round } from '../common/results.js';
import { slopePerMillion } from '../common/slope.js';

/** Resident memory of the process when so many records had been processed. */
export interface RssSample {
  readonly records: number;
  readonly rssMiB: number;
}

const SAMPLE_INTERVAL_MS = 250;
const BYTES_PER_MIB = 2 ** 20;

/** Samples the process's resident memory while it works. */
export class RssTrack {
  private readonly samples: RssSample[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(records: () => number) {
    this.timer = setInterval(() => {
      this.samples.push({ records: records(), rssMiB: round(process.memoryUsage.rss() / BYTES_PER_MIB) });
    }, SAMPLE_INTERVAL_MS);
  }

  stop(): readonly RssSample[] {
    clearInterval(this.timer);
    return this.samples;
  }
}

export interface MemoryVerdict {
  /** Median of the samples of each million of records. */
  readonly medianMiBPerMillion: readonly number[];
  /** Slope of a straight line through all samples after the first million, MiB per million records. */
  readonly growthMiBPerMillion: number;
  /** Largest sample of all, and largest of the first million. */
  readonly maxMiB: number;
  readonly maxOfFirstMillionMiB: number;
  readonly isFlat: boolean;
}

const MILLION = 1_000_000;
/** Garbage collection makes single samples jump; growth of less than this per million is no growth. */
const FLAT_GROWTH_SHARE = 0.02;

/** Does memory grow after the first million? */
export function judgeMemory(samples: readonly RssSample[]): MemoryVerdict {
  const byMillion = new Map<number, number[]>();
  for (const { records, rssMiB } of samples) {
    const million = Math.floor(records / MILLION);
    byMillion.set(million, [...(byMillion.get(million) ?? []), rssMiB]);
  }
  const medians = [...byMillion.entries()].sort(([left], [right]) => left - right).map(([, values]) => median(values));
  const later = samples.filter(({ records }) => records >= MILLION);
  const first = samples.filter(({ records }) => records < MILLION);
  const growth = slopePerMillion(later.map(({ records, rssMiB }) => ({ records, value: rssMiB })));
  const typical = median(later.map(({ rssMiB }) => rssMiB));
  return {
    medianMiBPerMillion: medians,
    growthMiBPerMillion: round(growth),
    maxMiB: Math.max(...samples.map(({ rssMiB }) => rssMiB)),
    maxOfFirstMillionMiB: Math.max(...first.map(({ rssMiB }) => rssMiB)),
    isFlat: growth < typical * FLAT_GROWTH_SHARE,
  };
}
