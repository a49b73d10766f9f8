import type { RecordBatch, TopicPartitionOffset } from '../client/records.js';
import { IllegalStateError } from '../errors/errors.js';
import { refuseWrites } from '../state/stores/refuse-writes.js';
import type { StateStore } from '../state/stores/state-store.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import type { GlobalStore, SourceNode } from '../topology/topology-nodes.js';
import type { DeserializationHandler, HandlerAnswer, ProcessingHandler } from './handlers.js';
import type { TaskOutput } from './record-collector.js';
import { StreamCounters } from './stream-counters.js';
import { StreamTask } from './stream-task.js';
import type { TaskStores } from './task-stores.js';

export interface GlobalTaskDeps {
  readonly applicationId: string;
  readonly globalStores: readonly GlobalStore[];
  readonly stores: TaskStores;
  readonly deserializationHandler: DeserializationHandler;
  readonly processingHandler: ProcessingHandler;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Writes the records of global topics to their stores, all partitions of them, through the processors that the topology
 * gives: at the start and later alike, so that a processor that stores something else than the record has its way.
 */
export class GlobalTask {
  readonly #task: StreamTask;
  readonly #sources = new Map<string, { readonly source: SourceNode; readonly store: string }>();
  readonly #readOnly = new Map<string, StateStore>();

  constructor(private readonly deps: GlobalTaskDeps) {
    const { globalStores, stores, applicationId, clock, logger } = deps;
    for (const { source, builder } of globalStores) {
      for (const topic of namesOf(source)) this.#sources.set(topic, { source, store: builder.name });
      const remedy =
        `It is the store of a global table, written only by the table's own processor from the topic ` +
        `${namesOf(source).join(', ')}. Send the record to that topic, or keep it in a store of your own.`;
      const store = stores.state.readOnlyStore(builder.name) as StateStore;
      this.#readOnly.set(builder.name, refuseWrites(store, remedy));
    }
    this.#task = new StreamTask({
      ...{ applicationId, stores, clock, logger, taskId: stores.taskId },
      subtopology: {
        id: stores.taskId.subtopology,
        nodes: globalStores.flatMap(({ source, processor }) => [source, processor]),
        copartitionGroups: [],
        stores: globalStores.map(({ builder }) => builder),
      },
      topicName: (name) => name,
      collector: NO_OUTPUT,
      // Its records are not the application's input.
      counters: new StreamCounters(),
      endOffset: () => undefined,
      // Copies do not wait for each other.
      maxTaskIdleMs: -1,
      deserializationHandler: (error, record) => withoutDeadLetter(deps.deserializationHandler(error, record)),
      processingHandler: (error, record, attempt) => withoutDeadLetter(deps.processingHandler(error, record, attempt)),
      productionHandler: () => 'fail',
    });
  }

  initialize(): Promise<void> {
    return this.#task.initialize();
  }

  /** Topics that are copied, by name, with the store that holds the copy. */
  get topics(): ReadonlyMap<string, string> {
    return new Map([...this.#sources].map(([topic, { store }]) => [topic, store]));
  }

  /** The store for readers: committed state only, and writing is refused. Undefined if it is not one of these. */
  store(name: string): StateStore | undefined {
    return this.#readOnly.get(name);
  }

  /** Says where the copy of a partition goes on. */
  start(start: TopicPartitionOffset): void {
    const source = this.#sources.get(start.topic)?.source;
    if (source === undefined) throw new IllegalStateError(`${start.topic} is not the topic of a global store.`);
    this.#task.removePartition(start);
    this.#task.addPartition(start, source);
  }

  /** Takes what was fetched into the stores; readers see it afterwards. */
  async apply(batches: readonly RecordBatch[]): Promise<void> {
    for (const batch of batches) this.#task.addRecords(batch);
    while ((await this.#task.process(Number.MAX_SAFE_INTEGER, this.deps.clock.now())) > 0);
    await this.#task.drain();
    const positions = batches.flatMap(({ topic, partition }) => {
      const store = this.#sources.get(topic)?.store;
      const queue = this.#task.queues.find((other) => other.topic === topic && other.partition === partition);
      return store === undefined || queue === undefined ? [] : [{ store, partition, offset: queue.committableOffset }];
    });
    this.deps.stores.state.commit(new Map(), positions);
  }

  /** Closes the processors, not the stores. */
  close(): void {
    this.#task.close();
  }
}

/** What processors of global stores write to: nothing. They have no children, so only an error could get there. */
const NO_OUTPUT: TaskOutput = { send: noOutput, partitionCount: noOutput, deadLetter: noOutput };

function noOutput(): never {
  throw new IllegalStateError('The processor of a global store has no output.');
}

/** Each process reads the whole topic: each would write the same dead letter. */
function withoutDeadLetter<A extends HandlerAnswer | 'retry'>(answer: A): Exclude<A, 'dead-letter'> | 'continue' {
  return answer === 'dead-letter' ? 'continue' : (answer as Exclude<A, 'dead-letter'>);
}

function namesOf({ topics }: SourceNode): readonly string[] {
  return topics instanceof RegExp ? [] : topics;
}
