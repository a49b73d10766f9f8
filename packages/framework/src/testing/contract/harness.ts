import type { KafkaClientFactory } from '../../client/port.js';

/** What the contract suite needs of the implementation under test and of the cluster behind it. */
export interface ClientHarness {
  /** Opens clients of the cluster. Each call of {@link newProcess} gives clients of another process. */
  readonly clients: KafkaClientFactory;
  /** Milliseconds, never going back: the time in which the deadlines of the suite are kept. */
  monotonicMs(): number;
  /** A topic, group or transactional id that nobody else uses. */
  uniqueName(prefix: string): string;
  /**
   * Resolves as soon as the condition holds; asks again every few milliseconds.
   * @throws an error that names `description` once `timeoutMs` (default 30 s) are over.
   */
  waitFor(condition: () => boolean | Promise<boolean>, description: string, timeoutMs?: number): Promise<void>;
  /** The smallest `maxPollIntervalMs` that the implementation accepts, for members that are to be thrown out soon. */
  readonly shortPollIntervalMs: number;
  /** Number of brokers; topics with more than one replica are tried from 2 on. */
  readonly brokers: number;
  /** Has the log cleaner look at a compacted topic. A real broker's does so by itself: then there is nothing to do. */
  compact(topic: string): Promise<void>;
  /** Whether fetchers have records at hand that no `poll()` has asked for yet. */
  readonly readsAhead: boolean;
  /** Whether a fetcher knows a topic that was deleted and created anew from the one that it was reading. */
  readonly noticesRecreatedTopics: boolean;
}

/** One promise of the client port. Runs alone; leaves no open client behind. */
export interface ContractCase {
  readonly title: string;
  run(harness: ClientHarness): Promise<void>;
}
