import { confluentClients, NO_HEADERS, type ConsumedRecord, type KafkaConnectionOptions } from '@millrace/framework';

/** A record that was read, with its place. */
export interface ReadRecord extends ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
}

/** Writes `[key, value]` records, partition by partition in turn; resolves when they are acknowledged. */
export async function writeRecords(
  connection: KafkaConnectionOptions,
  topic: string,
  partitions: number,
  records: Iterable<readonly [key: string, value: string]>,
): Promise<void> {
  const producer = confluentClients(connection).producer({});
  await producer.connect();
  try {
    let index = 0;
    for (const [key, value] of records) {
      const partition = index++ % partitions;
      const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)];
      while (!producer.produce(topic, partition, keyBytes, valueBytes, Date.now(), NO_HEADERS)) await producer.drain();
    }
    await producer.flush();
    const [failure] = producer.takeFailures();
    if (failure !== undefined) throw failure.error;
  } finally {
    await producer.close();
  }
}

/** Everything in a topic, up to the end found at the start (`read_committed`). */
export async function readRecords(connection: KafkaConnectionOptions, topic: string): Promise<ReadRecord[]> {
  const clients = confluentClients(connection);
  const admin = clients.admin();
  const fetcher = clients.fetcher({ isolationLevel: 'read_committed' });
  await admin.connect();
  await fetcher.connect();
  try {
    const [description] = await admin.describeTopics([topic]);
    const partitions = Array.from({ length: description?.partitions ?? 0 }, (_, partition) => ({ topic, partition }));
    const starts = await admin.listOffsets(partitions, 'earliest');
    const ends = await admin.listOffsets(partitions, 'latest', 'read_committed');
    const left = new Map(ends.map(({ partition, offset }) => [partition, offset]));
    for (const { partition, offset } of starts) if (offset >= (left.get(partition) ?? 0)) left.delete(partition);
    fetcher.assign(starts.filter(({ partition }) => left.has(partition)));
    const records: ReadRecord[] = [];
    while (left.size > 0) {
      const { batches, failures } = await fetcher.poll(1000);
      if (failures[0] !== undefined) throw failures[0].error;
      for (const { partition, records: batch, nextOffset } of batches) {
        for (const record of batch) records.push({ ...plain(record), topic, partition });
        if (nextOffset >= (left.get(partition) ?? 0)) left.delete(partition);
      }
    }
    return records;
  } finally {
    await fetcher.close();
    await admin.close();
  }
}

function plain({ offset, timestamp, key, value, headers }: ConsumedRecord): ConsumedRecord {
  return { offset, timestamp, key, value, headers };
}
