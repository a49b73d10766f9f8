import type { KafkaConnectionOptions } from '../client/options.js';
import type { KafkaClientFactory } from '../client/port.js';
import type { StreamsBuilderOptions } from '../dsl/streams-builder.js';
import type { StreamsOptions } from '../runtime/options.js';
import type { StreamsClient } from '../runtime/streams-client.js';
import type { Provider } from './provider.js';

/** When the supervisor starts a worker that ended again, and when it gives up. */
export interface WorkerRestartOptions {
  /** Delay before the first restart, ms; it doubles with each failure in a row. @default 1000 */
  readonly initialDelayMs?: number;
  /** Longest delay, ms. @default 30000 */
  readonly maxDelayMs?: number;
  /** A worker that ran this long, ms, counts as healthy: its failures are forgotten. @default 60000 */
  readonly healthyAfterMs?: number;
  /** After this many failures in a row of one worker the service stops with exit code 1. @default 5 */
  readonly maxFailures?: number;
}

/**
 * Options of `@StreamService`: those of the runtime ({@link StreamsOptions}), those of the builder that `@Topology`
 * methods get ({@link StreamsBuilderOptions}), and those of the service host. `kafka` may be left out or be incomplete;
 * the environment completes it (`docs/services.md`).
 */
export interface StreamServiceOptions extends Omit<StreamsOptions, 'kafka'>, StreamsBuilderOptions {
  readonly kafka?: Partial<KafkaConnectionOptions> | KafkaClientFactory;
  /** What constructors may inject. @default none */
  readonly providers?: readonly Provider[];
  /**
   * Processes that share the work on this machine; above 1 a supervisor forks them from the same entry file.
   * @default 1
   */
  readonly workers?: number;
  readonly workerRestart?: WorkerRestartOptions;
}

/** Options given to `runService`: stronger than the decorator's and the environment's. */
export type ServiceOverrides = Partial<StreamServiceOptions>;

/** Methods that a service class may have. */
export interface ServiceLifecycle {
  /**
   * Called, and awaited, after the service is created and before it takes records.
   *
   * @param client runs the service: keep it to query its stores and to see what it does. It is not started yet
   */
  onStart?(client: StreamsClient): void | Promise<void>;
  /** Called, and awaited, after the last record if `onStart` was called, also when that or the service failed. */
  onStop?(): void | Promise<void>;
}
