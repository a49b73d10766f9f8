import { NO_HEADERS, type KafkaAdmin, type KafkaClientFactory } from '@millrace/framework';
import type { Stretch } from '../common/stopwatch.js';
import { createTopic, PARTITIONS } from '../common/topics.js';
import { compare, comparisonText } from '../common/ratios.js';
import { inTurn } from '../common/turns.js';
import { deleteTopics, runSide, type Setting } from './setting.js';
import { sharedSettings, type Engine } from './state-job.js';

export interface RestoreRun extends Stretch {
  readonly engine: Engine;
  readonly round: number;
}

const SIDES: readonly Engine[] = ['rocksdb', 'lmdb', 'memory'];
const VALUE_BYTES = 100;

/**
 * Each side is an application of its own with a changelog of its own, of the same content: Kafka Streams leaves its
 * group behind when it ends.
 */
export async function restorePart(setting: Setting) {
  const { admin, clients, bootstrapServers, options } = setting;
  const inputTopic = `bench-restore-${process.pid}`;
  const groupIds = [groupOf(inputTopic, 'rocksdb'), groupOf(inputTopic, 'lmdb')];
  console.log(`Writing two changelogs of ${options.keys} keys ...`);
  await createTopic(admin, inputTopic);
  try {
    for (const groupId of groupIds) {
      await createChangelog(admin, changelogOf(groupId), PARTITIONS);
      await writeChangelog(clients, changelogOf(groupId), options.keys, PARTITIONS);
    }
    const runs: RestoreRun[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      for (const engine of inTurn(SIDES, round)) {
        const stretch = await runSide<Stretch>(setting, {
          ...{ work: 'restore', bootstrapServers, inputTopic, outputTopic: '', engine, caching: false },
          groupId: groupOf(inputTopic, engine),
          records: options.keys,
          ...sharedSettings('at_least_once'),
        });
        if (stretch.records !== options.keys)
          throw new Error(`${engine} restored ${stretch.records} of ${options.keys}.`);
        console.log(`restore, ${engine}: ${Math.round(stretch.recordsPerSecond)} records/s`);
        runs.push({ engine, round, ...stretch });
      }
    }
    const summary = (['lmdb', 'memory'] as const).map((engine) => ({
      engine,
      ...compare(runsOf(runs, engine), runsOf(runs, 'rocksdb')),
    }));
    for (const { engine, ...comparison } of summary)
      console.log(`restore, ${engine}: ${comparisonText('Kafka Streams', comparison)}`);
    return { summary, runs };
  } finally {
    const internal = groupIds.flatMap((groupId) => [changelogOf(groupId), `${groupId}-instances`]);
    await deleteTopics(admin, [inputTopic, ...internal]);
    for (const groupId of groupIds) await admin.deleteGroup(groupId).catch(() => undefined);
  }
}

function groupOf(inputTopic: string, engine: Engine): string {
  return `${inputTopic}-${engine === 'rocksdb' ? 'kafka-streams' : 'millrace'}`;
}

function changelogOf(groupId: string): string {
  return `${groupId}-table-changelog`;
}

/** As both sides would create it. */
export async function createChangelog(admin: KafkaAdmin, topic: string, partitions: number): Promise<void> {
  await admin.createTopic({ topic, partitions, replicationFactor: 1, configs: { 'cleanup.policy': 'compact' } });
}

/** `keys` distinct keys with values of 100 bytes, in equal parts. */
export async function writeChangelog(
  clients: KafkaClientFactory,
  topic: string,
  keys: number,
  partitions: number,
): Promise<void> {
  const producer = clients.producer({ lingerMs: 20 });
  await producer.connect();
  try {
    for (let index = 0; index < keys; index++) {
      const key = Buffer.from(`key-${String(index).padStart(10, '0')}`);
      const value = Buffer.alloc(VALUE_BYTES, index & 0xff);
      while (!producer.produce(topic, index % partitions, key, value, Date.now(), NO_HEADERS)) await producer.drain();
    }
    await producer.flush();
    const [failure] = producer.takeFailures();
    if (failure !== undefined) throw failure.error;
  } finally {
    await producer.close();
  }
}

function runsOf(runs: readonly RestoreRun[], engine: Engine): RestoreRun[] {
  return runs.filter((run) => run.engine === engine).sort((left, right) => left.round - right.round);
}
