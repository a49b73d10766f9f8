import { brokerFailure } from '../network/broker-errors.js';
import type { BrokerNode } from '../network/cluster-view.js';
import { ApiKey, type VersionRange, type WireRequest } from '../network/wire-request.js';
import { ByteReader } from '../../protocol/byte-reader.js';
import { ByteWriter } from '../../protocol/byte-writer.js';

const GROUP = 0;

/** Kafka 0.11 to today; 5 and 6 are for transactions and share groups. */
export const findCoordinatorVersions: VersionRange = Object.freeze({ min: 1, max: 4 });

export interface Coordinator {
  readonly throttleTimeMs: number;
  readonly broker: BrokerNode;
}

/**
 * Which broker coordinates a group. Format: `FindCoordinatorRequest.json`, `FindCoordinatorResponse.json` of Apache Kafka.
 */
export function findCoordinatorRequest(version: number, groupId: string): WireRequest<Coordinator> {
  const isFlexible = version >= 3;
  return {
    apiKey: ApiKey.findCoordinator,
    version,
    isFlexible,
    write: () => {
      const writer = new ByteWriter();
      // One group up to version 3, a list from 4 on (KIP-699).
      if (version >= 4) writer.int8(GROUP).arrayLength(1, true).string(groupId, true);
      else writer.string(groupId, isFlexible).int8(GROUP);
      if (isFlexible) writer.noTaggedFields();
      return writer.finish();
    },
    read: (body) => readCoordinator(new ByteReader(body), version, isFlexible, groupId),
    throttleTimeMs: ({ throttleTimeMs }) => throttleTimeMs,
  };
}

function readCoordinator(reader: ByteReader, version: number, isFlexible: boolean, groupId: string): Coordinator {
  const throttleTimeMs = reader.int32();
  let errorCode = 0;
  let detail = '';
  if (version >= 4) {
    reader.arrayLength(true, 14);
    reader.string(true); // group
  } else {
    errorCode = reader.int16();
    detail = reader.string(isFlexible);
  }
  const id = reader.int32();
  const host = reader.string(isFlexible);
  const port = reader.int32();
  if (version >= 4) {
    errorCode = reader.int16();
    detail = reader.string(true);
  }
  if (errorCode !== 0) throw brokerFailure(errorCode, `Cannot find the coordinator of group '${groupId}'`, { detail });
  return { throttleTimeMs, broker: { id, host, port, rack: undefined } };
}
