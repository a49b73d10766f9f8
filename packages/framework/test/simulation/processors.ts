import type { RecordHeaders } from '../../dist/client/records.js';
import { NO_HEADERS } from '../../dist/client/records.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import { StreamRecord } from '../../dist/processor/record.js';
import type { StateStore } from '../../dist/state/stores/state-store.js';
import type { Life, Probe } from './probe.js';
import { openTextStore, type StoreShape, type TextStore } from './text-store.js';

/** What every processor of a workload gets. */
export interface ProcessorDeps {
  readonly shape: StoreShape;
  readonly probe: Probe;
  readonly life: Life;
}

export type TextRecord = StreamRecord<string, string | null>;

/** A processor that marks what it forwards and shows its stores to the probe. */
export abstract class ProbedProcessor extends ContextualProcessor<string, string | null, string, string | null> {
  #mark: RecordHeaders = NO_HEADERS;
  readonly #closers: (() => void)[] = [];

  constructor(protected readonly deps: ProcessorDeps) {
    super();
  }

  override init(context: ProcessorContext<string, string | null>): void {
    void super.init(context);
    this.#mark = this.deps.probe.markOf(context, this.deps.life);
  }

  close(): void {
    for (const close of this.#closers) close();
  }

  protected open(name: string): TextStore {
    this.openStore(name);
    return openTextStore(this.context, name, this.deps.shape);
  }

  protected openStore<S extends StateStore>(name: string): S {
    const { probe, life } = this.deps;
    const store = this.context.getStateStore<S>(name);
    this.#closers.push(probe.opened(this.context, life, name, store));
    return store;
  }

  protected emit(key: string, value: string | null, timestampMs: number, child?: string): void {
    void this.context.forward(new StreamRecord(key, value, timestampMs, this.#mark), child);
  }
}

/** Passes on what the function makes of a record; undefined: nothing. */
export class Mapper extends ProbedProcessor {
  constructor(
    deps: ProcessorDeps,
    private readonly map: (key: string, value: string | null) => readonly [string, string | null] | undefined,
  ) {
    super(deps);
  }

  override process({ key, value, timestamp }: TextRecord): void {
    const mapped = this.map(key, value);
    if (mapped !== undefined) this.emit(mapped[0], mapped[1], timestamp);
  }
}

/** Keeps what the function makes of the old value of the key and the record's, and passes it on. */
export class Aggregator extends ProbedProcessor {
  #store!: TextStore;

  constructor(
    deps: ProcessorDeps,
    private readonly store: string,
    private readonly aggregate: (old: string | undefined, value: string | null) => string | null,
  ) {
    super(deps);
  }

  override init(context: ProcessorContext<string, string | null>): void {
    super.init(context);
    this.#store = this.open(this.store);
    this.#store.onUpdate((key, value, timestampMs) => {
      this.emit(key, value, timestampMs);
    });
  }

  override process({ key, value, timestamp }: TextRecord): void {
    this.#store.put(key, this.aggregate(this.#store.get(key), value), timestamp);
  }
}

/** Keeps the last value of each key. */
export class TableKeeper extends ProbedProcessor {
  #table!: TextStore;

  override init(context: ProcessorContext<string, string | null>): void {
    super.init(context);
    this.#table = this.open('table');
  }

  override process({ key, value, timestamp }: TextRecord): void {
    this.#table.put(key, value, timestamp);
  }
}

/** Puts the table's value beside each record's, and keeps the list of the records it has seen. */
export class TableJoiner extends ProbedProcessor {
  #table!: TextStore;
  #seen!: TextStore;

  override init(context: ProcessorContext<string, string | null>): void {
    super.init(context);
    // Shown to the probe by the processor that keeps it.
    this.#table = openTextStore(context, 'table', this.deps.shape);
    this.#seen = this.open('seen');
  }

  override process({ key, value, timestamp }: TextRecord): void {
    this.#seen.put(key, appended(this.#seen.get(key), value), timestamp);
    this.emit(key, `${value ?? ''}|${this.#table.get(key) ?? '-'}`, timestamp);
  }
}

/** Counts the ticks of a wall-clock punctuator in a store and puts each count out: effects without any input. */
export class Ticker extends ProbedProcessor {
  #ticks!: TextStore;

  override init(context: ProcessorContext<string, string | null>): void {
    super.init(context);
    this.#ticks = this.open('ticks');
    context.schedule(150, 'wall-clock', () => {
      if (!this.deps.probe.isTicking) return;
      const key = context.taskId.toString();
      const count = String(Number(this.#ticks.get(key) ?? '0') + 1);
      this.#ticks.put(key, count, context.currentSystemTimeMs());
      this.emit(key, count, context.currentSystemTimeMs());
    });
  }

  override process(): void {
    // It works by the clock only.
  }
}

/** A list of ids as text. */
export function appended(list: string | undefined, id: string | null): string {
  return list === undefined || list === '' ? (id ?? '') : `${list},${id ?? ''}`;
}
