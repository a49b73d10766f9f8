import { runJob } from '../common/job.js';
import { runStatelessService } from '../common/stateless-service.js';
import type { RunFigures } from '../common/stopwatch.js';
import { RssTrack, type RssSample } from './samples.js';

/** What the measured process reports. */
export interface MemoryRun {
  readonly figures: RunFigures;
  readonly samples: readonly RssSample[];
}

await runJob(async (job): Promise<MemoryRun> => {
  let track: RssTrack | undefined;
  const figures = await runStatelessService(job, (records) => (track = new RssTrack(records)));
  return { figures, samples: track?.stop() ?? [] };
});
