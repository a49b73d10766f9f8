import { KafkaError } from '../../errors/errors.js';
import type { KafkaConsumer, NativeConsumer } from './addon.js';
import type { AddonHandle } from './addon-handle.js';
import { NativeCode, toKafkaError } from './error-codes.js';
import type { TopicPartitionOffset } from '../records.js';
import type { Cluster } from './cluster.js';
import { ConfluentAdmin } from './kafka-admin.js';
import type { FetchPartition } from './fetch-partition.js';

/**
 * Finds out whether one partition can still be read.
 *
 * The addon reports a failed fetch as an error number without topic and partition, and drops it when records came
 * before it in the same call. So when an error arrives, and when a partition stands still without being at its end, the
 * broker is asked for the partition's offsets: that names unknown topics and missing rights, and shows whether the
 * position still exists.
 *
 * @param isForbidden whether the broker has just refused to let some topic be read
 * @returns why the partition cannot be read; `undefined` if it can, or if the broker could not be asked
 */
export async function diagnosePartition(
  handle: AddonHandle<InstanceType<typeof KafkaConsumer>, NativeConsumer>,
  state: FetchPartition,
  isForbidden: boolean,
  cluster: Cluster,
): Promise<KafkaError | undefined> {
  const { topic, partition, nextOffset } = state;
  const place = `'${topic}' partition ${String(partition)}`;
  const position = { topic, partition, offset: nextOffset };
  let offsets;
  try {
    offsets = await handle.call<{ lowOffset: number; highOffset: number }>(`Cannot read ${place}`, (done) => {
      handle.native.queryWatermarkOffsets(topic, partition, Math.min(cluster.requestTimeoutMs, 5000), done);
    });
  } catch (failure) {
    if (!(failure instanceof KafkaError)) return undefined;
    // The native client does not tell a topic that may not be seen from one that does not exist, nor that from one
    // that it has not heard of yet.
    if (failure.code === 'TOPIC_NOT_FOUND') return describePartition(cluster, position, place);
    if (failure.code !== 'AUTHORIZATION_FAILED') return undefined;
    return new KafkaError(failure.code, failure.message, { ...position, kafkaCode: failure.kafkaCode });
  }
  const { lowOffset } = offsets;
  // To a reader of committed records the end is the last stable offset; a position may lie behind that.
  const highOffset = nextOffset > offsets.highOffset ? await highWatermark(cluster, position) : offsets.highOffset;
  if (highOffset === undefined) return undefined;
  if (nextOffset < lowOffset || nextOffset > highOffset) {
    return new KafkaError(
      'OFFSET_OUT_OF_RANGE',
      `Offset ${String(nextOffset)} of ${place} does not exist: it has ${String(lowOffset)} to ${String(highOffset)}. ` +
        'The records were deleted by retention, or the topic was created anew.',
      { kafkaCode: 'OFFSET_OUT_OF_RANGE', ...position },
    );
  }
  // Listing offsets needs the right to describe only: with that right alone nothing has ever been fetched.
  if (isForbidden && hasNeverFetched(handle.native, topic, partition)) {
    return toKafkaError(NativeCode.topicAuthorizationFailed, `Cannot read ${place}`, position);
  }
  return undefined;
}

function hasNeverFetched(native: NativeConsumer, topic: string, partition: number): boolean {
  const watermarks = native.getWatermarkOffsets(topic, partition);
  return typeof watermarks === 'number' || watermarks.highOffset < 0;
}

/** Where the partition ends, open transactions included; `undefined` if the broker could not be asked. */
async function highWatermark(
  cluster: Cluster,
  { topic, partition }: TopicPartitionOffset,
): Promise<number | undefined> {
  const admin = new ConfluentAdmin(cluster);
  try {
    await admin.connect();
    const [end] = await admin.listOffsets([{ topic, partition }], 'latest', 'read_uncommitted');
    return end?.offset;
  } catch (error) {
    if (error instanceof KafkaError) return undefined;
    throw error;
  } finally {
    await admin.close();
  }
}

/** Asks the broker itself for the topic; this is rare enough for a client of its own. */
async function describePartition(
  cluster: Cluster,
  position: TopicPartitionOffset,
  place: string,
): Promise<KafkaError | undefined> {
  const { topic, partition } = position;
  const admin = new ConfluentAdmin(cluster);
  try {
    await admin.connect();
    const [described] = await admin.describeTopics([topic]);
    if (described !== undefined && partition < described.partitions) return undefined;
    return toKafkaError(NativeCode.unknownTopicOrPartition, `Cannot read ${place}`, position);
  } catch (error) {
    if (!(error instanceof KafkaError) || error.code !== 'AUTHORIZATION_FAILED') return undefined;
    return toKafkaError(NativeCode.topicAuthorizationFailed, `Cannot read ${place}`, position);
  } finally {
    await admin.close();
  }
}
