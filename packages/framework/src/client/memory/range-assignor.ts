import type { TopicPartition } from '../records.js';

/** A member as the assignor sees it. */
export interface AssignableMember {
  readonly memberId: string;
  readonly groupInstanceId: string | undefined;
  /** Existing topics that the member subscribes to. */
  readonly topics: readonly string[];
}

/**
 * The broker's `range` assignor: for each topic, the members that subscribe to it, in a fixed order, get consecutive
 * ranges of its partitions; the first ones get one more where the number does not divide. Topics with the same number of
 * partitions and the same subscribers are therefore split alike: co-partitioned.
 *
 * Source: `org.apache.kafka.coordinator.group.assignor.RangeAssignor` of Kafka 4, which keeps no other stickiness than
 * its fixed order (KAFKA-16944). Static members come first, by their instance id.
 *
 * @returns partitions by member id; every member has an entry
 */
export function assignRanges(
  members: readonly AssignableMember[],
  partitionCount: (topic: string) => number,
): Map<string, TopicPartition[]> {
  const ordered = [...members].sort(byInstanceThenId);
  const assignment = new Map<string, TopicPartition[]>(ordered.map(({ memberId }) => [memberId, []]));
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
  for (const topic of topics) {
    const subscribers = ordered.filter((member) => member.topics.includes(topic));
    const partitions = partitionCount(topic);
    const quota = Math.floor(partitions / subscribers.length);
    const withOneMore = partitions % subscribers.length;
    let next = 0;
    subscribers.forEach(({ memberId }, rank) => {
      const end = next + quota + (rank < withOneMore ? 1 : 0);
      for (; next < end; next += 1) assignment.get(memberId)?.push({ topic, partition: next });
    });
  }
  return assignment;
}

function byInstanceThenId(a: AssignableMember, b: AssignableMember): number {
  if (a.groupInstanceId !== undefined && b.groupInstanceId !== undefined) {
    return a.groupInstanceId < b.groupInstanceId ? -1 : 1;
  }
  if (a.groupInstanceId !== undefined) return -1;
  if (b.groupInstanceId !== undefined) return 1;
  return a.memberId < b.memberId ? -1 : 1;
}
