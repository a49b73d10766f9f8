import type { GroupDescription, GroupMember } from '../../port.js';
import type { TopicPartition } from '../../records.js';
import { ApiKey, type VersionRange, type WireRequest } from '../network/wire-request.js';
import { ByteReader } from '../../protocol/byte-reader.js';
import { ByteWriter } from '../../protocol/byte-writer.js';
import { stateOf, type DescribedGroup } from './described-group.js';

/** Kafka 2.3 to today; static members are told from version 4 on. */
export const describeGroupsVersions: VersionRange = Object.freeze({ min: 3, max: 5 });

const CONSUMER_PROTOCOL = 'consumer';

/**
 * A group of the classic protocol. One that does not exist is `dead`. Format: `DescribeGroupsRequest.json`,
 * `DescribeGroupsResponse.json` of Apache Kafka.
 */
export function describeGroupsRequest(version: number, groupId: string): WireRequest<DescribedGroup> {
  const isFlexible = version >= 5;
  return {
    apiKey: ApiKey.describeGroups,
    version,
    isFlexible,
    write: () => {
      const writer = new ByteWriter().arrayLength(1, isFlexible).string(groupId, isFlexible);
      writer.int8(0); // include_authorized_operations
      if (isFlexible) writer.noTaggedFields();
      return writer.finish();
    },
    read: (body) => {
      const reader = new ByteReader(body);
      const throttleTimeMs = reader.int32();
      reader.arrayLength(isFlexible, 12);
      const errorCode = reader.int16();
      reader.string(isFlexible); // group id
      const state = stateOf(reader.string(isFlexible));
      const protocolType = reader.string(isFlexible);
      reader.string(isFlexible); // assignor
      const members: GroupMember[] = [];
      for (let left = reader.arrayLength(isFlexible, 10); left > 0; left--) {
        members.push(readMember(reader, version, isFlexible, protocolType));
      }
      const group: GroupDescription = { groupId, state, members };
      return { throttleTimeMs, errorCode, detail: '', group };
    },
    throttleTimeMs: ({ throttleTimeMs }) => throttleTimeMs,
  };
}

function readMember(reader: ByteReader, version: number, isFlexible: boolean, protocolType: string): GroupMember {
  const memberId = reader.string(isFlexible);
  const groupInstanceId = version >= 4 ? reader.string(isFlexible) : '';
  const clientId = reader.string(isFlexible);
  reader.string(isFlexible); // client host
  reader.nullableBytes(isFlexible); // metadata
  const assignment = reader.nullableBytes(isFlexible);
  if (isFlexible) reader.taggedFields();
  const partitions = protocolType === CONSUMER_PROTOCOL ? readAssignment(assignment) : [];
  return { memberId, clientId, partitions, ...(groupInstanceId === '' ? {} : { groupInstanceId }) };
}

/** `ConsumerProtocolAssignment.json`; of a member without an assignment there are no bytes. */
function readAssignment(bytes: Buffer | null): TopicPartition[] {
  const partitions: TopicPartition[] = [];
  if (bytes === null || bytes.length === 0) return partitions;
  const reader = new ByteReader(bytes);
  reader.int16(); // version
  for (let topics = reader.arrayLength(false, 6); topics > 0; topics--) {
    const topic = reader.string(false);
    for (let left = reader.arrayLength(false, 4); left > 0; left--) {
      partitions.push({ topic, partition: reader.int32() });
    }
  }
  return partitions;
}
