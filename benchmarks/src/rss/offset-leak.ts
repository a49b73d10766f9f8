import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaClients, type GroupMembership, type RecordProducer } from '@millrace/framework';
import { runJob } from '../common/job.js';
import { round } from '../common/results.js';
import type { OffsetLeak, OffsetLeakJob } from './rss-job.js';

/* How much memory the native client keeps of each offset that is handed to a transaction: nothing else is done here. */

const BYTES_PER_MIB = 2 ** 20;
const CALLS_PER_TRANSACTION = 10;
/** Share of the offsets that is sent before the measurement begins. */
const WARM_UP_SHARE = 0.2;
const POLL_MS = 20;

await runJob((job) => measure(job as OffsetLeakJob));

async function measure(job: OffsetLeakJob): Promise<OffsetLeak> {
  const clients = kafkaClients({ bootstrapServers: job.bootstrapServers });
  const membership = clients.membership({ groupId: job.groupId });
  const producer = clients.producer({ transactionalId: job.groupId });
  await membership.join({ topics: [job.inputTopic], patterns: [] });
  while (membership.assignment().length < job.partitions) {
    for (const event of membership.poll()) {
      if (event.type === 'error') throw event.error;
      membership.acknowledge();
    }
    await sleep(POLL_MS);
  }
  await producer.connect();
  await producer.initTransactions();
  const calls = Math.ceil(job.offsets / job.partitions);
  await sendOffsets(producer, membership, job, Math.ceil(calls * WARM_UP_SHARE));
  const before = process.memoryUsage.rss();
  await sendOffsets(producer, membership, job, calls);
  const grown = process.memoryUsage.rss() - before;
  await producer.close();
  await membership.leave();
  const offsets = calls * job.partitions;
  return { offsets, calls, grownMiB: round(grown / BYTES_PER_MIB), bytesPerOffset: round(grown / offsets) };
}

async function sendOffsets(
  producer: RecordProducer,
  membership: GroupMembership,
  { inputTopic: topic, partitions }: OffsetLeakJob,
  calls: number,
): Promise<void> {
  // With metadata of the length that the framework's has.
  const metadata = 'AgAAAZsC2pgA';
  for (let call = 0; call < calls; call++) {
    if (call % CALLS_PER_TRANSACTION === 0) await producer.beginTransaction();
    const offsets = Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      offset: call,
      metadata,
    }));
    await producer.sendOffsets(offsets, membership);
    if (call % CALLS_PER_TRANSACTION === CALLS_PER_TRANSACTION - 1 || call === calls - 1) {
      await producer.commitTransaction();
      membership.poll();
    }
  }
}
