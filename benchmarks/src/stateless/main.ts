import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClients, type KafkaAdmin } from '@millrace/framework';
import { withKafka, type BenchmarkKafka } from '../common/benchmark-kafka.js';
import { describeEnvironment } from '../common/environment.js';
import { SETTINGS, type Job } from '../common/job.js';
import { KafkaStreamsProgram } from '../common/kafka-streams.js';
import { readOptions, type BenchmarkOptions } from '../common/options.js';
import { wantedAmong } from '../common/orders.js';
import { publish } from '../common/results.js';
import { inTurn } from '../common/turns.js';
import { runProcess } from '../common/run-process.js';
import type { RunFigures } from '../common/stopwatch.js';
import { countRecords, createTopic, PARTITIONS, writeOrders } from '../common/topics.js';
import { printRun, printSummary, summarise, type Run, type Side } from './comparison.js';

/*
 * Stateless work: JSON records of about 100 B are parsed, two of three types kept, one field multiplied, serialised and
 * written. Millrace (at-least-once), Kafka Streams and a plain loop on the addon take turns, each run in a process of its
 * own, all on one broker.
 */

const SIDES: readonly Side[] = ['kafkaStreams', 'millrace', 'plain'];
const MODULES: Readonly<Record<Exclude<Side, 'kafkaStreams'>, URL>> = {
  plain: new URL('plain-loop.js', import.meta.url),
  millrace: new URL('millrace-service.js', import.meta.url),
};

const options = readOptions();
await withKafka((kafka) => stateless(kafka, options));

async function stateless(kafka: BenchmarkKafka, { records = 2_000_000, rounds = 3, profileDir }: BenchmarkOptions) {
  const kafkaStreams = await KafkaStreamsProgram.prepare();
  const clients = kafkaClients({ bootstrapServers: kafka.bootstrapServers });
  const admin = clients.admin();
  await admin.connect();
  const inputTopic = `bench-stateless-${process.pid}`;
  try {
    console.log(`Writing ${records} orders to ${PARTITIONS} partitions ...`);
    await createTopic(admin, inputTopic);
    await writeOrders(clients, inputTopic, records);
    const input = { bootstrapServers: kafka.bootstrapServers, inputTopic, records };
    const setting = { admin, kafkaStreams, input, profileDir };
    const runs: Run[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const side of inTurn(SIDES, round)) {
        const run = { side, round, ...(await runSide(setting, side, round)) };
        printRun(run);
        runs.push(run);
      }
    }
    const summary = summarise(runs);
    printSummary(summary);
    const workload = {
      records,
      partitions: PARTITIONS,
      rounds,
      settings: SETTINGS,
      kafkaStreams: kafkaStreams.version,
    };
    publish('stateless', describeEnvironment(kafka.version), { workload, summary }, { runs });
  } finally {
    await admin.deleteTopic(inputTopic);
    await admin.close();
  }
}

interface Setting {
  readonly admin: KafkaAdmin;
  readonly kafkaStreams: KafkaStreamsProgram;
  readonly input: Pick<Job, 'bootstrapServers' | 'inputTopic' | 'records'>;
  readonly profileDir: string | undefined;
}

async function runSide(
  { admin, kafkaStreams, input, profileDir }: Setting,
  side: Side,
  round: number,
): Promise<RunFigures> {
  const outputTopic = `${input.inputTopic}-${side}-${round}`;
  await createTopic(admin, outputTopic);
  const job: Job = { ...input, outputTopic, groupId: outputTopic };
  const figures =
    side === 'kafkaStreams'
      ? await runKafkaStreams(kafkaStreams, job)
      : await runProcess<RunFigures>(MODULES[side], job, profileDir);
  const written = await countRecords(admin, outputTopic);
  const expected = wantedAmong(input.records);
  if (written !== expected) throw new Error(`${side} wrote ${written} records, ${expected} were expected.`);
  await admin.deleteTopic(outputTopic);
  return figures;
}

async function runKafkaStreams(kafkaStreams: KafkaStreamsProgram, job: Job): Promise<RunFigures> {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const settings = { ...SETTINGS, guarantee: 'at_least_once', caching: true };
    return await kafkaStreams.run<RunFigures>({ ...job, ...settings, work: 'stateless', stateDir });
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}
