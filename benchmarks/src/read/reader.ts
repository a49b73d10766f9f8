import { kafkaClients } from '@millrace/framework';
import { runJob } from '../common/job.js';
import { Stopwatch } from '../common/stopwatch.js';
import type { ReadFigures, ReadJob } from './read-job.js';

/* One of Millrace's fetchers alone: reads all partitions of a topic once and looks at each key and value. */

await runJob<ReadFigures, ReadJob>(read);

async function read(job: ReadJob): Promise<ReadFigures> {
  const { bootstrapServers, fetcher: kind, pollRecords, maxBufferedBytes } = job;
  const fetcher = kafkaClients({ bootstrapServers, fetcher: kind }).fetcher({
    isolationLevel: 'read_committed',
    maxPollRecords: pollRecords,
    maxBufferedBytes,
  });
  await fetcher.connect();
  fetcher.assign(
    Array.from({ length: job.partitions }, (_, partition) => ({ topic: job.inputTopic, partition, offset: 0 })),
  );
  const stopwatch = new Stopwatch(job.records);
  let bytes = 0;
  while (!stopwatch.isComplete) {
    const { batches, failures } = await fetcher.poll(100);
    if (failures[0] !== undefined) throw failures[0].error;
    for (const { records } of batches) {
      for (const { key, value } of records) {
        stopwatch.count();
        bytes += (key?.length ?? 0) + (value?.length ?? 0);
      }
    }
  }
  const figures = stopwatch.finish();
  await fetcher.close();
  return { ...figures, bytes };
}
