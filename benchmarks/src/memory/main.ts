import { kafkaClients } from '@millrace/framework';
import { withKafka, type BenchmarkKafka } from '../common/benchmark-kafka.js';
import { describeEnvironment } from '../common/environment.js';
import { SETTINGS } from '../common/job.js';
import { readOptions, type BenchmarkOptions } from '../common/options.js';
import { wantedAmong } from '../common/orders.js';
import { publish } from '../common/results.js';
import { runProcess } from '../common/run-process.js';
import { countRecords, createTopic, PARTITIONS, writeOrders } from '../common/topics.js';
import type { MemoryRun } from './millrace-service.js';
import { judgeMemory } from './samples.js';

/*
 * Five million records through one process: does its resident memory grow after the first million? Exit code 1 if so.
 */

const options = readOptions();
await withKafka((kafka) => memory(kafka, options));

async function memory(kafka: BenchmarkKafka, { records = 5_000_000, profileDir }: BenchmarkOptions): Promise<void> {
  const clients = kafkaClients({ bootstrapServers: kafka.bootstrapServers });
  const admin = clients.admin();
  await admin.connect();
  const inputTopic = `bench-memory-${process.pid}`;
  const outputTopic = `${inputTopic}-out`;
  try {
    console.log(`Writing ${records} orders to ${PARTITIONS} partitions ...`);
    await createTopic(admin, inputTopic);
    await createTopic(admin, outputTopic);
    await writeOrders(clients, inputTopic, records);
    const job = { bootstrapServers: kafka.bootstrapServers, inputTopic, outputTopic, groupId: inputTopic, records };
    const module = new URL('millrace-service.js', import.meta.url);
    const { figures, samples } = await runProcess<MemoryRun>(module, job, profileDir);
    const written = await countRecords(admin, outputTopic);
    if (written !== wantedAmong(records)) throw new Error(`${written} records came out of ${records}.`);
    const verdict = judgeMemory(samples);
    console.log(`Resident memory by million of records, median MiB: ${verdict.medianMiBPerMillion.join(', ')}`);
    console.log(
      `After the first million it ${verdict.isFlat ? 'is flat' : 'GROWS'}: ` +
        `${verdict.growthMiBPerMillion} MiB per million records.`,
    );
    process.exitCode = verdict.isFlat ? 0 : 1;
    const workload = { records, partitions: PARTITIONS, settings: SETTINGS };
    publish('memory', describeEnvironment(kafka.version), { workload, verdict, figures }, { samples });
  } finally {
    await admin.deleteTopic(inputTopic);
    await admin.deleteTopic(outputTopic);
    await admin.close();
  }
}
