import { kafkaClients, type KafkaClientFactory } from '@millrace/framework';
import { withKafka, type BenchmarkKafka } from '../common/benchmark-kafka.js';
import { describeEnvironment } from '../common/environment.js';
import { SETTINGS } from '../common/job.js';
import { KafkaStreamsProgram } from '../common/kafka-streams.js';
import { publish } from '../common/results.js';
import { runProcess } from '../common/run-process.js';
import { createTopic, PARTITIONS } from '../common/topics.js';
import { printRun, printSummary, summarise } from './comparison.js';
import { readReadOptions, type Compression } from './options.js';
import { SIDES, type ReadFigures, type ReadJob, type ReadRun, type Side } from './read-job.js';

/*
 * Plain reading: records of 100 B and of 1 KB, each looked at and nothing else. The wire fetcher, the addon's and the
 * consumer of Kafka's Java client take turns, each run in a process of its own, all on one broker.
 */

/** Length of the values, and which part of `--records` there is of them. */
const SIZES = [
  { valueBytes: 100, share: 1 },
  { valueBytes: 1000, share: 1 / 4 },
] as const;
const KEY_BYTES = 10;
const READER = new URL('reader.js', import.meta.url);

const options = readReadOptions();
await withKafka(read);

async function read(kafka: BenchmarkKafka): Promise<void> {
  const { bootstrapServers } = kafka;
  const java = await KafkaStreamsProgram.prepare();
  const clients = kafkaClients({ bootstrapServers });
  const admin = clients.admin();
  await admin.connect();
  try {
    const runs: ReadRun[] = [];
    for (const { valueBytes, share } of SIZES) {
      const records = Math.floor(options.records * share);
      const inputTopic = `bench-read-${process.pid}-${valueBytes}`;
      console.log(`Writing ${records} records of ${valueBytes} B to ${PARTITIONS} partitions ...`);
      await createTopic(admin, inputTopic);
      await writeRecords(clients, inputTopic, records, valueBytes, options.compression);
      const input = { bootstrapServers, inputTopic, records };
      runs.push(...(await takeTurns(input, valueBytes, java)));
      await admin.deleteTopic(inputTopic);
    }
    const summary = summarise(runs);
    printSummary(summary);
    const workload = {
      ...options,
      keyBytes: KEY_BYTES,
      partitions: PARTITIONS,
      settings: SETTINGS,
      java: java.version,
    };
    publish('read', describeEnvironment(kafka.version), { workload, summary }, { runs });
  } finally {
    await admin.close();
  }
}

/** Who begins changes from round to round. */
async function takeTurns(
  input: Pick<ReadJob, 'bootstrapServers' | 'inputTopic' | 'records'>,
  valueBytes: number,
  java: KafkaStreamsProgram,
): Promise<ReadRun[]> {
  const runs: ReadRun[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (let turn = 0; turn < SIDES.length; turn++) {
      const side = SIDES[(turn + round - 1) % SIDES.length] ?? 'wire';
      const figures = await runSide(side, input, java);
      const expected = input.records * (KEY_BYTES + valueBytes);
      if (figures.bytes !== expected) throw new Error(`${side} read ${figures.bytes} bytes of ${expected}.`);
      const run = { side, valueBytes, round, ...figures };
      printRun(run);
      runs.push(run);
    }
  }
  return runs;
}

function runSide(
  side: Side,
  input: Pick<ReadJob, 'bootstrapServers' | 'inputTopic' | 'records'>,
  java: KafkaStreamsProgram,
): Promise<ReadFigures> {
  const { pollRecords, maxBufferedBytes } = SETTINGS;
  const job: ReadJob = {
    ...input,
    partitions: PARTITIONS,
    pollRecords,
    maxBufferedBytes,
    fetcher: side === 'addon' ? 'addon' : 'wire',
  };
  return side === 'java' ? java.run(job, 'ReadBenchmark.java') : runProcess(READER, job, options.profileDir);
}

/** Keys of ten digits; values that differ in their first bytes and repeat a text after that. */
async function writeRecords(
  clients: KafkaClientFactory,
  topic: string,
  records: number,
  valueBytes: number,
  compression: Compression,
): Promise<void> {
  const producer = clients.producer({ lingerMs: 20, compression });
  await producer.connect();
  const filling = 'abcdefghijklmnopqrstuvwxyz0123456789 '.repeat(Math.ceil(valueBytes / 37));
  try {
    for (let index = 0; index < records; index++) {
      const number = String(index).padStart(KEY_BYTES, '0');
      const key = Buffer.from(number);
      const value = Buffer.from((number + filling).slice(0, valueBytes));
      while (!producer.produce(topic, index % PARTITIONS, key, value, Date.now(), [])) await producer.drain();
    }
    await producer.flush();
    const [failure] = producer.takeFailures();
    if (failure !== undefined) throw failure.error;
  } finally {
    await producer.close();
  }
}
