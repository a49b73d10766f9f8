import { readFileSync } from 'node:fs';
import { StreamsClient } from '@millrace/framework';
import { runJob, SETTINGS } from '../common/job.js';
import { round } from '../common/results.js';
import { totalsTopology } from '../common/totals-topology.js';
import type { RssJob, RssSample } from './rss-job.js';

/* The measured process: a keyed aggregate on LMDB, exactly once; it notes its memory every so many records. */

const BYTES_PER_MIB = 2 ** 20;

await runJob((job) => aggregate(job as RssJob));

async function aggregate(job: RssJob): Promise<readonly RssSample[]> {
  const samples: RssSample[] = [];
  const startMs = performance.now();
  let records = 0;
  let seenLast = (): void => undefined;
  const last = new Promise<void>((resolve) => (seenLast = resolve));
  const onOrder = (): void => {
    records++;
    if (records % job.sampleEveryRecords === 0) samples.push(sample(client, records, performance.now() - startMs));
    if (records === job.records) seenLast();
  };
  const client = new StreamsClient(totalsTopology({ ...job, engine: 'lmdb' }, onOrder), {
    applicationId: job.groupId,
    kafka: { bootstrapServers: job.bootstrapServers },
    processingGuarantee: 'exactly_once_v2',
    commitIntervalMs: job.commitIntervalMs,
    maxPollRecords: SETTINGS.pollRecords,
    stateDir: job.stateDir,
    producer: { lingerMs: SETTINGS.lingerMs, maxBufferedBytes: SETTINGS.maxBufferedBytes },
  });
  await client.start();
  await Promise.race([last, client.closed]);
  await client.close();
  if (records !== job.records) throw new Error(`${records} records were processed, not ${job.records}.`);
  return samples;
}

function sample({ metrics }: StreamsClient, records: number, elapsedMs: number): RssSample {
  const { rss, heapUsed, external } = process.memoryUsage();
  const { commits, committedOffsets } = metrics;
  return {
    records,
    seconds: round(elapsedMs / 1000),
    rssMiB: round(rss / BYTES_PER_MIB),
    heapUsedMiB: round(heapUsed / BYTES_PER_MIB),
    externalMiB: round(external / BYTES_PER_MIB),
    ...mapped(),
    ...{ commits, committedOffsets },
  };
}

/** The part of resident memory that is pages of files, as Linux says it: programs, libraries and the files of stores. */
function mapped(): { readonly mappedFilesMiB?: number } {
  if (process.platform !== 'linux') return {};
  const kib = /^RssFile:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return kib === undefined ? {} : { mappedFilesMiB: round(Number(kib) / 1024) };
}
