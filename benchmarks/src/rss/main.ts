import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClients, type KafkaAdmin } from '@millrace/framework';
import { withKafka, type BenchmarkKafka } from '../common/benchmark-kafka.js';
import { describeEnvironment } from '../common/environment.js';
import { readOptions, type BenchmarkOptions } from '../common/options.js';
import { publish } from '../common/results.js';
import { runProcess } from '../common/run-process.js';
import { createTopic, PARTITIONS, writeOrders } from '../common/topics.js';
import { TOTALS_STORE } from '../common/totals-topology.js';
import type { OffsetLeak, OffsetLeakJob, RssJob, RssSample } from './rss-job.js';
import { judgeRss } from './verdict.js';

/*
 * Five million records through one process, exactly once, with state on disk: does its resident memory grow after the
 * warm-up? The native client is known to keep some bytes of each offset that goes into a transaction; how many is measured
 * first, on its own, and taken off. Exit code 1 if memory grows beyond that.
 */

const COMMIT_INTERVAL_MS = 100;
/** Of the records: code is compiled, heaps and buffers have their size. */
const WARM_UP_SHARE = 0.2;
const SAMPLES = 50;
const LEAK_OFFSETS = 300_000;
const LEAK_PARTITIONS = 100;

const options = readOptions();
await withKafka((kafka) => rss(kafka, options));

async function rss(kafka: BenchmarkKafka, { records = 5_000_000, profileDir }: BenchmarkOptions): Promise<void> {
  const admin = kafkaClients({ bootstrapServers: kafka.bootstrapServers }).admin();
  await admin.connect();
  try {
    const leak = await measureOffsetLeak(admin, kafka);
    console.log(`The native client keeps ${leak.bytesPerOffset} bytes of each offset in a transaction.`);
    const samples = await measureService(admin, kafka, records, profileDir);
    const verdict = judgeRss(samples, records * WARM_UP_SHARE, leak.bytesPerOffset);
    console.log(
      `Resident memory after the warm-up: ${verdict.medianMiB} MiB (median); ${verdict.growthMiBPerMillion} MiB per ` +
        `million records, of which ${verdict.leakMiBPerMillion} are offsets that the native client keeps: ` +
        (verdict.isFlat ? 'flat' : 'it GROWS'),
    );
    process.exitCode = verdict.isFlat ? 0 : 1;
    const workload = { records, partitions: PARTITIONS, commitIntervalMs: COMMIT_INTERVAL_MS };
    publish('rss', describeEnvironment(kafka.version), { workload, verdict, leak }, { samples });
  } finally {
    await admin.close();
  }
}

async function measureOffsetLeak(admin: KafkaAdmin, { bootstrapServers }: BenchmarkKafka): Promise<OffsetLeak> {
  const topic = `bench-offsets-${process.pid}`;
  await admin.createTopic({ topic, partitions: LEAK_PARTITIONS, replicationFactor: 1 });
  try {
    const job: OffsetLeakJob = {
      ...{ bootstrapServers, inputTopic: topic, outputTopic: '', groupId: topic, records: 0 },
      ...{ offsets: LEAK_OFFSETS, partitions: LEAK_PARTITIONS },
    };
    return await runProcess<OffsetLeak>(new URL('offset-leak.js', import.meta.url), job);
  } finally {
    await admin.deleteTopic(topic);
    await admin.deleteGroup(topic).catch(() => undefined);
  }
}

async function measureService(
  admin: KafkaAdmin,
  { bootstrapServers }: BenchmarkKafka,
  records: number,
  profileDir: string | undefined,
): Promise<readonly RssSample[]> {
  const inputTopic = `bench-rss-${process.pid}`;
  const outputTopic = `${inputTopic}-out`;
  const topics = [inputTopic, outputTopic, `${inputTopic}-${TOTALS_STORE}-changelog`];
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    console.log(`Writing ${records} orders to ${PARTITIONS} partitions ...`);
    await createTopic(admin, inputTopic);
    await createTopic(admin, outputTopic);
    await writeOrders(kafkaClients({ bootstrapServers }), inputTopic, records);
    const job: RssJob = {
      ...{ bootstrapServers, inputTopic, outputTopic, groupId: inputTopic, records, stateDir },
      ...{ commitIntervalMs: COMMIT_INTERVAL_MS, sampleEveryRecords: Math.ceil(records / SAMPLES) },
    };
    return await runProcess<readonly RssSample[]>(new URL('millrace-service.js', import.meta.url), job, profileDir);
  } finally {
    for (const { topic } of await admin.describeTopics(topics)) await admin.deleteTopic(topic);
    await admin.deleteGroup(inputTopic).catch(() => undefined);
    rmSync(stateDir, { recursive: true, force: true });
  }
}
