import { median, round } from '../common/results.js';
import { slopePerMillion } from '../common/slope.js';
import type { RssSample } from './rss-job.js';

export interface RssVerdict {
  readonly warmUpRecords: number;
  /** After the warm-up. */
  readonly medianMiB: number;
  readonly minMiB: number;
  readonly maxMiB: number;
  /** Slope of a straight line through the samples after the warm-up. */
  readonly growthMiBPerMillion: number;
  /** What the native client keeps of the offsets that were committed meanwhile. */
  readonly leakMiBPerMillion: number;
  readonly growthWithoutLeakMiBPerMillion: number;
  readonly commits: number;
  readonly committedOffsets: number;
  readonly isFlat: boolean;
}

const MILLION = 1_000_000;
const BYTES_PER_MIB = 2 ** 20;
/** Garbage collection makes single samples jump; growth of less than this per million is no growth. */
const FLAT_GROWTH_SHARE = 0.02;

/** Is resident memory flat after the warm-up, apart from what the native client is known to keep? */
export function judgeRss(samples: readonly RssSample[], warmUpRecords: number, bytesPerOffset: number): RssVerdict {
  const later = samples.filter(({ records }) => records >= warmUpRecords);
  const [first, last] = [later[0], later.at(-1)];
  if (first === undefined || last === undefined || first === last)
    throw new Error(`There are not enough samples after the first ${warmUpRecords} records.`);
  const rss = later.map(({ rssMiB }) => rssMiB);
  const growth = slopePerMillion(later.map(({ records, rssMiB }) => ({ records, value: rssMiB })));
  const offsets = last.committedOffsets - first.committedOffsets;
  const leak = ((offsets * bytesPerOffset) / BYTES_PER_MIB / (last.records - first.records)) * MILLION;
  return {
    warmUpRecords,
    medianMiB: median(rss),
    minMiB: Math.min(...rss),
    maxMiB: Math.max(...rss),
    growthMiBPerMillion: round(growth),
    leakMiBPerMillion: round(leak),
    growthWithoutLeakMiBPerMillion: round(growth - leak),
    commits: last.commits,
    committedOffsets: last.committedOffsets,
    isFlat: growth - leak < median(rss) * FLAT_GROWTH_SHARE,
  };
}
