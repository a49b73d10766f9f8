import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import { NO_HEADERS, type RecordHeaders } from '../../dist/client/records.js';
import type { StateStore } from '../../dist/state/stores/state-store.js';

/** One life of one process. */
export interface Life {
  readonly identity: string;
  readonly life: number;
  readonly isAlive: () => boolean;
}

/** A store that some process has open. */
export interface OpenStore {
  readonly life: Life;
  readonly taskId: string;
  readonly partition: number;
  readonly name: string;
  readonly store: StateStore;
}

/** What the processors of all processes tell the history that they belong to. */
export class Probe {
  /** Punctuators do their work only while this holds. */
  isTicking = true;
  readonly #open = new Set<OpenStore>();
  #runs = 0;

  /** Stores that living processes have open now. */
  get openStores(): OpenStore[] {
    return [...this.#open].filter(({ life }) => life.isAlive());
  }

  /** Marks what this run of a task puts out: no other run of any process has the same mark. */
  markOf(context: ProcessorContext, life: Life): RecordHeaders {
    const run = `${context.taskId.toString()}/${++this.#runs}/${life.identity}.${life.life}`;
    return [...NO_HEADERS, { key: 'run', value: Buffer.from(run) }];
  }

  /** @returns a function that takes the store out again */
  opened(context: ProcessorContext, life: Life, name: string, store: StateStore): () => void {
    const { taskId } = context;
    const entry = { life, taskId: taskId.toString(), partition: taskId.partition, name, store };
    this.#open.add(entry);
    return () => this.#open.delete(entry);
  }
}
