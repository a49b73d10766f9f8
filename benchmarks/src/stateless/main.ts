import { kafkaClients, type KafkaAdmin } from '@millrace/framework';
import { withKafka, type BenchmarkKafka } from '../common/benchmark-kafka.js';
import { describeEnvironment } from '../common/environment.js';
import { SETTINGS, type Job } from '../common/job.js';
import { readOptions, type BenchmarkOptions } from '../common/options.js';
import { wantedAmong } from '../common/orders.js';
import { publish } from '../common/results.js';
import { runProcess } from '../common/run-process.js';
import type { RunFigures } from '../common/stopwatch.js';
import { countRecords, createTopic, PARTITIONS, writeOrders } from '../common/topics.js';
import { printRun, printSummary, summarise, type Run, type Side } from './comparison.js';

/*
 * Stateless work: JSON records of about 100 B are parsed, two of three types kept, one field multiplied, serialised and
 * written. Millrace (at-least-once) and a plain loop on the same addon take turns, each run in a process of its own, all
 * on one broker.
 */

const MODULES: Readonly<Record<Side, URL>> = {
  plain: new URL('plain-loop.js', import.meta.url),
  millrace: new URL('millrace-service.js', import.meta.url),
};

const options = readOptions();
await withKafka((kafka) => stateless(kafka, options));

async function stateless(kafka: BenchmarkKafka, { records = 2_000_000, rounds = 3, profileDir }: BenchmarkOptions) {
  const clients = kafkaClients({ bootstrapServers: kafka.bootstrapServers });
  const admin = clients.admin();
  await admin.connect();
  const inputTopic = `bench-stateless-${process.pid}`;
  try {
    console.log(`Writing ${records} orders to ${PARTITIONS} partitions ...`);
    await createTopic(admin, inputTopic);
    await writeOrders(clients, inputTopic, records);
    const input = { bootstrapServers: kafka.bootstrapServers, inputTopic, records };
    const runs: Run[] = [];
    for (const { side, round } of turns(rounds)) {
      const run = { side, round, ...(await runSide(admin, side, round, input, profileDir)) };
      printRun(run);
      runs.push(run);
    }
    const summary = summarise(runs);
    printSummary(summary);
    const workload = { records, partitions: PARTITIONS, rounds, settings: SETTINGS };
    publish('stateless', describeEnvironment(kafka.version), { workload, summary }, { runs });
  } finally {
    await admin.deleteTopic(inputTopic);
    await admin.close();
  }
}

/** Who runs when: the order changes from round to round, so that neither side is always the second. */
function turns(rounds: number): { side: Side; round: number }[] {
  return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) => {
    const order: readonly Side[] = round % 2 === 1 ? ['plain', 'millrace'] : ['millrace', 'plain'];
    return order.map((side) => ({ side, round }));
  });
}

async function runSide(
  admin: KafkaAdmin,
  side: Side,
  round: number,
  input: Pick<Job, 'bootstrapServers' | 'inputTopic' | 'records'>,
  profileDir: string | undefined,
): Promise<RunFigures> {
  const outputTopic = `${input.inputTopic}-${side}-${round}`;
  await createTopic(admin, outputTopic);
  const job = { ...input, outputTopic, groupId: outputTopic };
  const figures = await runProcess<RunFigures>(MODULES[side], job, profileDir);
  const written = await countRecords(admin, outputTopic);
  const expected = wantedAmong(input.records);
  if (written !== expected) throw new Error(`${side} wrote ${written} records, ${expected} were expected.`);
  await admin.deleteTopic(outputTopic);
  return figures;
}
