// Reads partition 0 of a topic to its end while all others are paused, then the others; tells on standard error what that
// took of memory: { "growthMiB", "pausedRecords", "records" }.
import { kafkaClients } from '@millrace/framework';
import { setting } from '../setting.js';

const topic = setting('TEST_INPUT');
const partitions = Number(setting('TEST_PARTITIONS'));
const recordsPerPartition = Number(setting('TEST_RECORDS'));
const maxBufferedBytes = Number(setting('TEST_MAX_BUFFERED_BYTES'));
/** For how long it goes on polling when partition 0 is read: time in which something could still be fetched ahead. */
const IDLE_POLLS = 20;
const IDLE_POLL_MS = 100;
const MIB = 1024 * 1024;

const clients = kafkaClients({
  bootstrapServers: setting('KAFKA_BOOTSTRAP_SERVERS'),
  fetcher: setting('KAFKA_FETCHER') === 'addon' ? 'addon' : 'wire',
});
const fetcher = clients.fetcher({ isolationLevel: 'read_committed', maxBufferedBytes });
await fetcher.connect();
const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 }));
const counts = all.map(() => 0);

async function poll(timeoutMs: number): Promise<void> {
  const { batches, failures } = await fetcher.poll(timeoutMs);
  if (failures[0] !== undefined) throw failures[0].error;
  for (const { partition, records } of batches) counts[partition] = (counts[partition] ?? 0) + records.length;
}

const total = (): number => counts.reduce((sum, count) => sum + count, 0);

// All code has run once before memory is looked at.
fetcher.assign(all.slice(0, 1));
while (total() === 0) await poll(1000);
counts.fill(0);
const before = process.memoryUsage().rss;
fetcher.assign(all);
fetcher.pause(all.slice(1));
while ((counts[0] ?? 0) < recordsPerPartition) await poll(1000);
for (let i = 0; i < IDLE_POLLS; i++) await poll(IDLE_POLL_MS);
const growthMiB = Math.round((process.resourceUsage().maxRSS * 1024 - before) / MIB);
const pausedRecords = total() - (counts[0] ?? 0);
fetcher.resume(all.slice(1));
while (total() < partitions * recordsPerPartition) await poll(1000);
await fetcher.close();
process.stderr.write(`${JSON.stringify({ growthMiB, pausedRecords, records: total() })}\n`);
