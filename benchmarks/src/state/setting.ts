import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaAdmin, KafkaClientFactory } from '@millrace/framework';
import { runProcess } from '../common/run-process.js';
import type { KafkaStreamsProgram } from '../common/kafka-streams.js';
import type { StateBenchmarkOptions } from './options.js';
import type { StateJob } from './state-job.js';

/** What the parts of the benchmark work with. */
export interface Setting {
  readonly bootstrapServers: string;
  readonly clients: KafkaClientFactory;
  readonly admin: KafkaAdmin;
  readonly kafkaStreams: KafkaStreamsProgram;
  readonly options: StateBenchmarkOptions;
}

const MILLRACE = new URL('millrace-service.js', import.meta.url);

/** Runs one measured process of either side with a state directory that is empty before and gone after it. */
export async function runSide<Result>(setting: Setting, job: Omit<StateJob, 'stateDir'>): Promise<Result> {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const own = { ...job, stateDir };
    return await (job.engine === 'rocksdb' ? setting.kafkaStreams.run<Result>(own) : runProcess<Result>(MILLRACE, own));
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** Deletes those of the topics that exist. */
export async function deleteTopics(admin: KafkaAdmin, topics: readonly string[]): Promise<void> {
  for (const { topic } of await admin.describeTopics(topics)) await admin.deleteTopic(topic);
}
