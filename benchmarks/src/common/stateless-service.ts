import { serdes, StreamsBuilder, StreamsClient, type Topology } from '@millrace/framework';
import { SETTINGS, type Job } from './job.js';
import { isWanted, withTax, type Order } from './orders.js';
import { Stopwatch, type RunFigures } from './stopwatch.js';

/**
 * The stateless work as a Millrace application, from the first to the last record of the input topic; resolves when its
 * output is acknowledged and its offsets are committed.
 *
 * @param onStart told, before the first record, how to ask for the number of records seen so far
 */
export async function runStatelessService(
  job: Job,
  onStart: (records: () => number) => void = () => undefined,
): Promise<RunFigures> {
  let seenLast = (): void => undefined;
  const last = new Promise<void>((resolve) => (seenLast = resolve));
  const stopwatch = new Stopwatch(job.records, () => seenLast());
  onStart(() => stopwatch.records);
  const client = new StreamsClient(topologyOf(job, stopwatch), {
    applicationId: job.groupId,
    kafka: { bootstrapServers: job.bootstrapServers },
    commitIntervalMs: SETTINGS.commitIntervalMs,
    maxPollRecords: SETTINGS.pollRecords,
    producer: { lingerMs: SETTINGS.lingerMs, maxBufferedBytes: SETTINGS.maxBufferedBytes },
  });
  await client.start();
  await Promise.race([last, client.closed]);
  await client.close();
  return stopwatch.finish();
}

function topologyOf(job: Job, stopwatch: Stopwatch): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(job.inputTopic, { keySerde: serdes.bytes, valueSerde: serdes.json<Order>() })
    .filter((order) => {
      stopwatch.count();
      return isWanted(order);
    })
    .mapValues(withTax)
    .to(job.outputTopic, { keySerde: serdes.bytes, valueSerde: serdes.json<Order>() });
  return builder.build();
}
