import { setTimeout as sleep } from 'node:timers/promises';
import {
  kafkaClients,
  ContextualProcessor,
  serdes,
  Stores,
  StreamsBuilder,
  StreamsClient,
  type KafkaAdmin,
  type StreamsOptions,
  type Topology,
} from '@millrace/framework';
import { runJob } from '../common/job.js';
import { Stopwatch, type RunFigures, type Stretch } from '../common/stopwatch.js';
import { totalsTopology } from '../common/totals-topology.js';
import type { Engine, StateJob } from './state-job.js';

const RESTORE_SAMPLE_MS = 2;
const COMMIT_LOOK_MS = 10;

/** Count and sum per user; every update goes out unless caching is on. */
async function aggregate(job: StateJob): Promise<RunFigures> {
  let seenLast = (): void => undefined;
  const last = new Promise<void>((resolve) => (seenLast = resolve));
  const stopwatch = new Stopwatch(job.records, () => seenLast());
  const topology = totalsTopology({ ...job, engine: engineOf(job.engine) }, () => stopwatch.count());
  const client = new StreamsClient(topology, optionsOf(job));
  const admin = kafkaClients({ bootstrapServers: job.bootstrapServers }).admin();
  await admin.connect();
  await client.start();
  await Promise.race([last, client.closed]);
  // Closing commits at once; what comes after that is no part of the measured work.
  const closing = client.close();
  closing.catch(() => undefined);
  while ((await committed(admin, job)) < job.records) await sleep(COMMIT_LOOK_MS);
  const figures = stopwatch.finish();
  await closing;
  await admin.close();
  return figures;
}

async function committed(admin: KafkaAdmin, { groupId, inputTopic }: StateJob): Promise<number> {
  const offsets = await admin.groupOffsets(groupId);
  return offsets.filter(({ topic }) => topic === inputTopic).reduce((sum, { offset }) => sum + Math.max(0, offset), 0);
}

/** From the moment when the first changelog is read until every store is complete. */
async function restore(job: StateJob): Promise<Stretch> {
  const client = new StreamsClient(tableTopology(job), optionsOf(job));
  let start: { atMs: number; cpu: NodeJS.CpuUsage } | undefined;
  const restored = new Promise<Stretch>((resolve) => {
    const timer = setInterval(() => {
      const { restore: progress } = client.metrics;
      if (progress === undefined) return;
      if (progress.tasks > 0) start ??= { atMs: performance.now(), cpu: process.cpuUsage() };
      if (start === undefined || progress.tasks > 0 || progress.restoredRecords < job.records) return;
      clearInterval(timer);
      const seconds = (performance.now() - start.atMs) / 1000;
      const { user, system } = process.cpuUsage(start.cpu);
      const records = progress.restoredRecords;
      const cpuMicrosPerRecord = (user + system) / records;
      resolve({ records, seconds, recordsPerSecond: records / seconds, cpuMicrosPerRecord });
    }, RESTORE_SAMPLE_MS);
  });
  await client.start();
  const closed = client.closed.then(() =>
    Promise.reject(new Error('The client closed before its stores were restored.')),
  );
  const figures = await Promise.race([restored, closed]);
  await client.close();
  return figures;
}

function tableTopology(job: StateJob): Topology {
  const builder = new StreamsBuilder();
  const store = { name: 'table', keySerde: serdes.string, valueSerde: serdes.bytes, engine: engineOf(job.engine) };
  builder.addStateStore(Stores.keyValueStore(store));
  builder
    .stream(job.inputTopic, { keySerde: serdes.string, valueSerde: serdes.bytes })
    .process(() => new Idle(), { stores: ['table'] });
  return builder.build();
}

class Idle extends ContextualProcessor<string, Buffer, string, Buffer> {
  override process(): void {
    return;
  }
}

function engineOf(engine: Engine): 'memory' | 'lmdb' {
  if (engine === 'rocksdb') throw new Error('RocksDB is the other side.');
  return engine;
}

function optionsOf(job: StateJob): StreamsOptions {
  return {
    applicationId: job.groupId,
    kafka: { bootstrapServers: job.bootstrapServers },
    processingGuarantee: job.guarantee,
    commitIntervalMs: job.commitIntervalMs,
    maxPollRecords: job.pollRecords,
    stateDir: job.stateDir,
    ...(job.caching ? {} : { cacheMaxBytes: 0 }),
    producer: { lingerMs: job.lingerMs, maxBufferedBytes: job.maxBufferedBytes },
  };
}

await runJob<RunFigures | Stretch>((job) => {
  const stateJob = job as StateJob;
  return stateJob.work === 'restore' ? restore(stateJob) : aggregate(stateJob);
});
