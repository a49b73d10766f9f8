import type { TopicConfigs } from '../../port.js';
import { brokerFailure } from '../network/broker-errors.js';
import { ApiKey, type VersionRange, type WireRequest } from '../network/wire-request.js';
import { ByteReader } from '../../protocol/byte-reader.js';
import { ByteWriter } from '../../protocol/byte-writer.js';

const TOPIC = 2;
const UNKNOWN_TOPIC_OR_PARTITION = 3;

/** Kafka 1.1 to today. */
export const describeConfigsVersions: VersionRange = Object.freeze({ min: 1, max: 4 });

export interface DescribedConfigs {
  readonly throttleTimeMs: number;
  readonly topics: readonly TopicConfigs[];
}

/**
 * All settings of these topics, those that were never set included (KIP-133). Topics that do not exist are left out.
 * Format: `DescribeConfigsRequest.json`, `DescribeConfigsResponse.json` of Apache Kafka.
 */
export function describeConfigsRequest(version: number, topics: readonly string[]): WireRequest<DescribedConfigs> {
  const isFlexible = version >= 4;
  return {
    apiKey: ApiKey.describeConfigs,
    version,
    isFlexible,
    write: () => {
      const writer = new ByteWriter().arrayLength(topics.length, isFlexible);
      for (const topic of topics) {
        writer.int8(TOPIC).string(topic, isFlexible).arrayLength(-1, isFlexible); // all keys
        if (isFlexible) writer.noTaggedFields();
      }
      writer.int8(0); // include_synonyms
      if (version >= 3) writer.int8(0); // include_documentation
      if (isFlexible) writer.noTaggedFields();
      return writer.finish();
    },
    read: (body) => {
      const reader = new ByteReader(body);
      const throttleTimeMs = reader.int32();
      const described: TopicConfigs[] = [];
      for (let left = reader.arrayLength(isFlexible, 6); left > 0; left--) {
        const topic = readTopic(reader, version, isFlexible);
        if (topic !== undefined) described.push(topic);
      }
      return { throttleTimeMs, topics: described };
    },
    throttleTimeMs: ({ throttleTimeMs }) => throttleTimeMs,
  };
}

function readTopic(reader: ByteReader, version: number, isFlexible: boolean): TopicConfigs | undefined {
  const errorCode = reader.int16();
  const detail = reader.string(isFlexible);
  reader.int8(); // resource type
  const topic = reader.string(isFlexible);
  const configs = new Map<string, string>();
  for (let left = reader.arrayLength(isFlexible, 8); left > 0; left--) {
    const name = reader.string(isFlexible);
    configs.set(name, reader.string(isFlexible));
    reader.int8(); // read only
    reader.int8(); // source
    reader.int8(); // sensitive
    skipSynonyms(reader, isFlexible);
    if (version >= 3) {
      reader.int8(); // type
      reader.string(isFlexible); // documentation
    }
    if (isFlexible) reader.taggedFields();
  }
  if (isFlexible) reader.taggedFields();
  if (errorCode === UNKNOWN_TOPIC_OR_PARTITION) return undefined;
  if (errorCode !== 0)
    throw brokerFailure(errorCode, `Cannot read the settings of topic '${topic}'`, { topic, detail });
  return { topic, configs };
}

function skipSynonyms(reader: ByteReader, isFlexible: boolean): void {
  for (let left = reader.arrayLength(isFlexible, 3); left > 0; left--) {
    reader.string(isFlexible); // name
    reader.string(isFlexible); // value
    reader.int8(); // source
    if (isFlexible) reader.taggedFields();
  }
}
