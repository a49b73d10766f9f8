import type { GroupDescription, GroupMember } from '../../port.js';
import type { TopicPartition } from '../../records.js';
import { ApiKey, type VersionRange, type WireRequest } from '../network/wire-request.js';
import { ByteReader } from '../../protocol/byte-reader.js';
import { ByteWriter } from '../../protocol/byte-writer.js';
import { stateOf, type DescribedGroup } from './described-group.js';

/** Kafka 3.7 to today. */
export const consumerGroupDescribeVersions: VersionRange = Object.freeze({ min: 0, max: 1 });

/**
 * A group of the new protocol (KIP-848). Format: `ConsumerGroupDescribeRequest.json`, `ConsumerGroupDescribeResponse.json`
 * of Apache Kafka. The library's own reader of it takes the list of subscribed topics for a string
 * (`@platformatic/kafka` 1.35).
 */
export function consumerGroupDescribeRequest(version: number, groupId: string): WireRequest<DescribedGroup> {
  return {
    apiKey: ApiKey.consumerGroupDescribe,
    version,
    isFlexible: true,
    write: () => {
      const writer = new ByteWriter().arrayLength(1, true).string(groupId, true);
      return writer.int8(0).noTaggedFields().finish(); // include_authorized_operations
    },
    read: (body) => {
      const reader = new ByteReader(body);
      const throttleTimeMs = reader.int32();
      reader.arrayLength(true, 20);
      const errorCode = reader.int16();
      const detail = reader.string(true);
      reader.string(true); // group id
      const state = stateOf(reader.string(true));
      reader.int32(); // group epoch
      reader.int32(); // assignment epoch
      reader.string(true); // assignor
      const members: GroupMember[] = [];
      for (let left = reader.arrayLength(true, 20); left > 0; left--) members.push(readMember(reader, version));
      const group: GroupDescription = { groupId, state, members };
      return { throttleTimeMs, errorCode, detail, group };
    },
    throttleTimeMs: ({ throttleTimeMs }) => throttleTimeMs,
  };
}

function readMember(reader: ByteReader, version: number): GroupMember {
  const memberId = reader.string(true);
  const groupInstanceId = reader.string(true);
  reader.string(true); // rack
  reader.int32(); // member epoch
  const clientId = reader.string(true);
  reader.string(true); // client host
  for (let left = reader.arrayLength(true, 1); left > 0; left--) reader.string(true); // subscribed topics
  reader.string(true); // subscribed pattern
  const partitions = readAssignment(reader);
  readAssignment(reader); // target
  if (version >= 1) reader.int8(); // member type
  reader.taggedFields();
  return { memberId, clientId, partitions, ...(groupInstanceId === '' ? {} : { groupInstanceId }) };
}

function readAssignment(reader: ByteReader): TopicPartition[] {
  const partitions: TopicPartition[] = [];
  for (let topics = reader.arrayLength(true, 19); topics > 0; topics--) {
    reader.uuid();
    const topic = reader.string(true);
    for (let left = reader.arrayLength(true, 4); left > 0; left--)
      partitions.push({ topic, partition: reader.int32() });
    reader.taggedFields();
  }
  reader.taggedFields();
  return partitions;
}
