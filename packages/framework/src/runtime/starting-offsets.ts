import type { GroupMembership, KafkaAdmin } from '../client/port.js';
import { partitionKey, type OffsetAndMetadata, type TopicPartition } from '../client/records.js';
import { StreamsError } from '../errors/streams-error.js';
import type { OffsetResetPolicy } from '../topology/topology-nodes.js';

/**
 * Where to start: the committed offset, or what the reset policy of the topic's source says.
 *
 * @param begun where partitions began that go back before their first commit: the end of the topic has moved on since
 */
export async function startingOffsets(
  partitions: readonly TopicPartition[],
  membership: GroupMembership,
  admin: KafkaAdmin,
  policyOf: (topic: string) => OffsetResetPolicy,
  begun: readonly OffsetAndMetadata[] = [],
): Promise<OffsetAndMetadata[]> {
  if (partitions.length === 0) return [];
  const committed = [...(await membership.committed(partitions))];
  const known = new Set(committed.map(({ topic, partition }) => partitionKey(topic, partition)));
  for (const start of begun) {
    const key = partitionKey(start.topic, start.partition);
    if (known.has(key)) continue;
    known.add(key);
    committed.push(start);
  }
  const fresh = partitions.filter(({ topic, partition }) => !known.has(partitionKey(topic, partition)));
  return [...committed, ...(await resetOffsets(fresh, admin, policyOf))];
}

/**
 * First or last offset of each partition, by the policy of its topic.
 * @throws StreamsError NO_COMMITTED_OFFSET where the policy is 'none'
 */
export async function resetOffsets(
  partitions: readonly TopicPartition[],
  admin: KafkaAdmin,
  policyOf: (topic: string) => OffsetResetPolicy,
): Promise<OffsetAndMetadata[]> {
  const offsets: OffsetAndMetadata[] = [];
  for (const spec of ['earliest', 'latest'] as const) {
    const chosen = partitions.filter(({ topic }) => policyOf(topic) === spec);
    if (chosen.length > 0) offsets.push(...(await admin.listOffsets(chosen, spec)));
  }
  const refused = partitions.find(({ topic }) => policyOf(topic) === 'none');
  if (refused !== undefined) {
    throw new StreamsError(
      'NO_COMMITTED_OFFSET',
      `There is no valid committed offset for ${refused.topic}-${refused.partition}, and the offset reset policy is 'none'. ` +
        "Commit an offset for the group, or choose 'earliest' or 'latest'.",
      refused,
    );
  }
  return offsets;
}
