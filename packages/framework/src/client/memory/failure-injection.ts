import type { KafkaError } from '../../errors/errors.js';

/**
 * Names of the calls that a {@link FailureInjector} sees. All are the port's methods, and `producer.send`: one batch of
 * records for one partition on its way to the broker.
 */
export type ClientCallKind =
  | `membership.${'join' | 'poll' | 'acknowledge' | 'commit' | 'committed' | 'leave'}`
  | `fetcher.${'connect' | 'assign' | 'unassign' | 'poll' | 'close'}`
  | `producer.${'connect' | 'produce' | 'send' | 'drain' | 'flush' | 'initTransactions' | 'beginTransaction'}`
  | `producer.${'sendOffsets' | 'commitTransaction' | 'abortTransaction' | 'close'}`
  | `admin.${'connect' | 'listTopics' | 'describeTopics' | 'describeTopicConfigs' | 'createTopic' | 'createPartitions'}`
  | `admin.${'deleteTopic' | 'deleteRecords' | 'listOffsets' | 'groupOffsets' | 'describeGroup' | 'deleteGroup' | 'close'}`;

/** One call of one client. */
export interface ClientCall {
  readonly kind: ClientCallKind;
  /** The process that calls, as given to `MemoryKafka.clients()`. */
  readonly identity: string;
  /** The call's arguments; for `producer.send` topic, partition and number of records. */
  readonly args: readonly unknown[];
  /** Counts the calls of the whole cluster from 1. */
  readonly sequence: number;
}

/**
 * What happens to a call instead of passing.
 * - `throw`: it fails with this error; asked *before*, it has no effect; asked *after*, it has had its effect.
 * - `lose-answer`: it takes effect, then fails with `TIMED_OUT` (retriable), or with the error given.
 * - `delay`: it waits; asked *before*, its effect waits; asked *after*, its answer.
 * - `crash`: the process dies at this point, with all its clients (see `MemoryKafka.crash`).
 *
 * The synchronous calls (`membership.poll` and `acknowledge`, `fetcher.assign` and `unassign`, `producer.produce`) can
 * neither wait nor fail once they have had their effect: of them only `throw` (before) and `crash` are obeyed. A
 * `fetcher.poll` that fails keeps its position.
 */
export type Injection =
  | { readonly type: 'throw'; readonly error: KafkaError }
  | { readonly type: 'lose-answer'; readonly error?: KafkaError }
  | { readonly type: 'delay'; readonly ms: number }
  | { readonly type: 'crash' };

/** Asked before and after every client call; `undefined` lets it pass. `after` is asked only of calls that succeeded. */
export interface FailureInjector {
  before?(call: ClientCall): Injection | undefined;
  after?(call: ClientCall): Injection | undefined;
}
