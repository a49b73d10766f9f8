import type { TopicPartition } from '../client/records.js';
import type { TaskId } from '../processor/processor-context.js';
import type { StateStore } from '../state/stores/state-store.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import type { Subtopology } from '../topology/topology-nodes.js';
import type { DeserializationHandler, ProcessingHandler, ProductionHandler } from './handlers.js';
import type { TaskOutput } from './record-collector.js';
import type { StreamCounters } from './stream-counters.js';
import type { TaskStores } from './task-stores.js';

/** Everything that a {@link StreamTask} needs from outside. */
export interface StreamTaskDeps {
  readonly applicationId: string;
  readonly taskId: TaskId;
  readonly subtopology: Subtopology;
  /** Full name of a topic of the topology: internal ones get the application's prefix. */
  readonly topicName: (name: string) => string;
  readonly collector: TaskOutput;
  /** End of an input partition as far as known; see `RecordFetcher.endOffset`. */
  readonly endOffset: (partition: TopicPartition) => number | undefined;
  /** Undefined for a task without stores. */
  readonly stores?: TaskStores | undefined;
  /** A global store, for reading; undefined if there is none of that name. */
  readonly globalStore?: ((name: string) => StateStore | undefined) | undefined;
  readonly maxTaskIdleMs: number;
  readonly deserializationHandler: DeserializationHandler;
  readonly processingHandler: ProcessingHandler;
  readonly productionHandler: ProductionHandler;
  readonly counters: StreamCounters;
  readonly clock: Clock;
  readonly logger: Logger;
}
