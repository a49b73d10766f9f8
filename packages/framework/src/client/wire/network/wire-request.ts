import { kafkaFailure } from '../../connection/kafka-failure.js';
import type { KafkaError } from '../../../errors/errors.js';

/** One request of the Kafka protocol (https://kafka.apache.org/protocol) and how its answer is read. */
export interface WireRequest<T> {
  readonly apiKey: number;
  /** A version that the broker speaks: choose it from `BrokerNetwork.versions`. */
  readonly version: number;
  /** This version has compact and tagged fields (KIP-482), hence request header 2 and response header 1. */
  readonly isFlexible: boolean;
  /** Response header 0 in spite of `isFlexible`: ApiVersions alone. @default false */
  readonly hasPlainResponseHeader?: boolean;
  /** How long the answer may take, ms. @default the connection options' `requestTimeoutMs` */
  readonly timeoutMs?: number;
  /** The body, without size and header. */
  write(): Buffer;
  /**
   * Decodes the answer's body. What it throws is what the request rejects with; unless it is a `KafkaError` of the
   * broker's own (an error code in the answer), the connection is dropped, since its bytes cannot be trusted.
   */
  read(body: Buffer): T;
  /** How long the broker asks us to wait (KIP-219), ms: the next request of the same lane is held back for that long. */
  throttleTimeMs?(response: T): number;
}

/** The versions of an API that a broker speaks. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** API key -> versions. */
export type ApiVersions = ReadonlyMap<number, VersionRange>;

/** Keys of the APIs used here. */
export const ApiKey = Object.freeze({
  listOffsets: 2,
  metadata: 3,
  findCoordinator: 10,
  describeGroups: 15,
  apiVersions: 18,
  describeConfigs: 32,
  consumerGroupDescribe: 69,
});

/** The error of a broker that speaks no version of an API that we do. */
export function unsupported(api: string, server: string): KafkaError {
  return kafkaFailure(`Cannot send a ${api} request to ${server}`, 'it speaks no version of it that this client does', {
    kafkaCode: 'UNSUPPORTED_VERSION',
  });
}
