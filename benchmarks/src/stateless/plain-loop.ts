import { setTimeout as sleep } from 'node:timers/promises';
import kafka from '@confluentinc/kafka-javascript';
import type { KafkaConsumer, Message, Producer } from '@confluentinc/kafka-javascript';
import { isWanted, withTax, type Order } from '../common/orders.js';
import { runJob, SETTINGS, type Job } from '../common/job.js';
import { Stopwatch, type RunFigures } from '../common/stopwatch.js';

/*
 * What a service looks like without a framework: consume a batch, parse, filter, change, serialise, produce; each second
 * flush and commit. The callback API of the addon, at-least-once, the same client settings as the other side.
 */

const QUEUE_FULL = kafka.CODES.ERRORS.ERR__QUEUE_FULL;

await runJob(plainLoop);

async function plainLoop(job: Job): Promise<RunFigures> {
  const producer = await connectProducer(job);
  const consumer = await connectConsumer(job);
  const stopwatch = new Stopwatch(job.records);
  let lastCommitMs = performance.now();
  while (!stopwatch.isComplete) {
    for (const message of await consume(consumer)) {
      stopwatch.count();
      while (!handle(producer, job.outputTopic, message)) await sleep(5);
    }
    if (performance.now() - lastCommitMs >= SETTINGS.commitIntervalMs) {
      await commit(producer, consumer);
      lastCommitMs = performance.now();
    }
  }
  await commit(producer, consumer);
  await new Promise((resolve) => consumer.disconnect(resolve));
  await new Promise((resolve) => producer.disconnect(resolve));
  return stopwatch.finish();
}

/** Returns false if the producer's queue is full. */
function handle(producer: Producer, topic: string, message: Message): boolean {
  if (message.value === null) return true;
  const order = JSON.parse(message.value.toString()) as Order;
  if (!isWanted(order)) return true;
  const value = Buffer.from(JSON.stringify(withTax(order)));
  try {
    // Partition -1: the client hashes the key (murmur2, as the framework does).
    producer.produce(topic, -1, value, message.key, message.timestamp);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === QUEUE_FULL) return false;
    throw error;
  }
}

function consume(consumer: KafkaConsumer): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    consumer.consume(SETTINGS.pollRecords, (error, messages) => {
      if (error) reject(new Error(`consume: ${error.message}`));
      else resolve(messages);
    });
  });
}

async function commit(producer: Producer, consumer: KafkaConsumer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    producer.flush(30_000, (error) => {
      if (error) reject(new Error(`flush: ${error.message}`));
      else resolve();
    });
  });
  const positions = consumer.position().filter(({ offset }) => offset >= 0);
  if (positions.length > 0) consumer.commitSync(positions);
}

async function connectProducer(job: Job): Promise<Producer> {
  const producer = new kafka.Producer({
    'bootstrap.servers': job.bootstrapServers,
    'enable.idempotence': true,
    'linger.ms': SETTINGS.lingerMs,
    'queue.buffering.max.kbytes': SETTINGS.maxBufferedBytes / 1024,
    'queue.buffering.max.messages': 0,
    partitioner: 'murmur2_random',
    'delivery.report.only.error': true,
    dr_cb: (error: Error | null) => {
      if (error) throw new Error(`A record was not delivered: ${error.message}`);
    },
  });
  await connect(producer);
  producer.setPollInBackground(true);
  return producer;
}

async function connectConsumer(job: Job): Promise<KafkaConsumer> {
  const consumer = new kafka.KafkaConsumer(
    {
      'bootstrap.servers': job.bootstrapServers,
      'group.id': job.groupId,
      'group.protocol': 'consumer',
      'group.remote.assignor': 'range',
      'enable.auto.commit': false,
      'fetch.queue.backoff.ms': 20,
      'fetch.wait.max.ms': 100,
    },
    { 'auto.offset.reset': 'earliest' },
  );
  await connect(consumer);
  consumer.setDefaultConsumeTimeout(100);
  // Not in the typings: wait for the first record of a batch only, not for each of them.
  (consumer as KafkaConsumer & WaitsOnce).setDefaultIsTimeoutOnlyForFirstMessage(true);
  consumer.subscribe([job.inputTopic]);
  return consumer;
}

interface WaitsOnce {
  setDefaultIsTimeoutOnlyForFirstMessage(onlyForFirst: boolean): void;
}

function connect(client: KafkaConsumer | Producer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.connect({ allTopics: false, timeout: 30_000 }, (error) => {
      if (error) reject(new Error(`connect: ${error.message}`));
      else resolve();
    });
  });
}
