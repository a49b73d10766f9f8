import { StateStoreError } from '../errors/errors.js';
import type { TaskId } from '../processor/processor-context.js';
import type { StoreSource } from '../state/queries/composite-store.js';
import { composeByKind, type QueryableType } from '../state/queries/queryable-stores.js';
import type { StoreKind } from '../state/stores/store-settings.js';
import type { TopologyPlan } from '../topology/topology-nodes.js';
import type { ClientState } from './client-state.js';
import type { GlobalTables } from './global-tables.js';
import type { TaskPhase } from './task-manager.js';
import type { TaskStores } from './task-stores.js';

/** Options of an interactive query. */
export interface StoreQueryOptions {
  /** Only this partition of the store. @default all that this process has */
  readonly partition?: number;
  /**
   * Also reads what may lag behind: standby tasks, and tasks that are being restored. Without it a read that would need
   * one of them fails with `STATE_UNAVAILABLE`.
   * @default false
   */
  readonly includeStale?: boolean;
}

/** A task of this process, or a standby of one. */
export interface HeldTask {
  readonly id: TaskId;
  readonly phase: TaskPhase | 'standby';
  readonly stores: TaskStores | undefined;
}

export interface StoreQueriesDeps {
  readonly plan: TopologyPlan;
  readonly clientState: () => ClientState;
  readonly globalTables: () => GlobalTables | undefined;
  readonly heldTasks: () => readonly HeldTask[];
  /** Says where the partitions are that are not here; empty if that is not known. */
  readonly elsewhere: (store: string, partition: number | undefined) => string;
}

/** Where a store is declared. */
export interface StorePlace {
  readonly kind: StoreKind;
  readonly isPersistent: boolean;
  /** Undefined for a global store. */
  readonly subtopology: number | undefined;
}

/** Finds the stores of this process that answer an interactive query. */
export class StoreQueries {
  readonly #places = new Map<string, StorePlace>();

  constructor(private readonly deps: StoreQueriesDeps) {
    for (const { id, stores } of deps.plan.subtopologies) {
      for (const { name, settings } of stores) {
        this.#places.set(name, { kind: settings.kind, isPersistent: settings.engine === 'lmdb', subtopology: id });
      }
    }
    for (const { builder } of deps.plan.globalStores) {
      const { kind, engine } = builder.settings;
      this.#places.set(builder.name, { kind, isPersistent: engine === 'lmdb', subtopology: undefined });
    }
  }

  /** @throws StateStoreError `STORE_NOT_FOUND` */
  place(name: string): StorePlace {
    const place = this.#places.get(name);
    if (place !== undefined) return place;
    const known = [...this.#places.keys()].join(', ') || 'none';
    throw new StateStoreError('STORE_NOT_FOUND', `The topology has no store '${name}'. Its stores: ${known}.`);
  }

  /**
   * All stores of this name in this process as one.
   *
   * @param type undefined: as the store's own kind says
   * @throws StateStoreError `STORE_NOT_FOUND`, `STORE_WRONG_TYPE`, `STATE_UNAVAILABLE`
   */
  store(name: string, type: QueryableType<unknown> | undefined, options: StoreQueryOptions): unknown {
    const { kind, isPersistent, subtopology } = this.place(name);
    if (type !== undefined && !type.kinds.includes(kind)) {
      throw new StateStoreError(
        'STORE_WRONG_TYPE',
        `Store '${name}' is a ${kind} store and cannot be read as '${type.name}', which reads: ${type.kinds.join(', ')}.`,
      );
    }
    const source: StoreSource = {
      ...{ name, kind, isPersistent },
      stores: () => (subtopology === undefined ? this.#global(name) : this.#ofTasks(name, subtopology, options)),
      missing: () => (subtopology === undefined ? undefined : this.#missing(name, subtopology, options)),
    };
    // Fails now rather than at the first read, as far as can be told.
    source.stores();
    return type === undefined ? composeByKind(source) : type.compose(source);
  }

  #global(name: string): readonly unknown[] {
    this.#assertLive(name);
    const tables = this.deps.globalTables();
    const store = tables?.isComplete === true ? tables.store(name) : undefined;
    if (store === undefined) {
      throw unavailable(`Global store '${name}' is still being read from its topic. Try again a little later.`);
    }
    return [store];
  }

  #ofTasks(name: string, subtopology: number, { partition, includeStale }: StoreQueryOptions): readonly unknown[] {
    this.#assertLive(name);
    const held = this.#held(subtopology, partition);
    const readable = held.filter(({ phase }) => phase === 'running' || includeStale === true);
    const stores = readable.flatMap(({ stores: found }) => found?.state.readOnlyStore(name) ?? []);
    if (stores.length > 0) return stores;
    const which = partition === undefined ? '' : `partition ${partition} of `;
    const waiting = held.find(({ phase }) => phase !== 'standby');
    if (waiting !== undefined) throw notReady(name, waiting);
    const standby = held.length > 0 ? ' Its standby here may be read with includeStale.' : '';
    const elsewhere = this.deps.elsewhere(name, partition);
    throw unavailable(
      `No task of this process holds ${which}store '${name}': its partitions are with other processes, or on their way. ` +
        `${elsewhere === '' ? 'Ask keyQueryMetadata() for the owner of a key.' : elsewhere}${standby}`,
    );
  }

  #missing(
    name: string,
    subtopology: number,
    { partition, includeStale }: StoreQueryOptions,
  ): StateStoreError | undefined {
    if (includeStale === true) return undefined;
    const waiting = this.#held(subtopology, partition).find(({ phase }) => phase !== 'running' && phase !== 'standby');
    return waiting === undefined ? undefined : notReady(name, waiting);
  }

  #held(subtopology: number, partition: number | undefined): readonly HeldTask[] {
    const held = this.deps
      .heldTasks()
      .filter(({ id }) => id.subtopology === subtopology && (partition === undefined || id.partition === partition));
    return [...held].sort((a, b) => a.id.partition - b.id.partition);
  }

  #assertLive(name: string): void {
    const state = this.deps.clientState();
    if (state === 'RUNNING' || state === 'REBALANCING') return;
    const remedy = state === 'CREATED' ? ' Call start() first.' : '';
    throw unavailable(`Store '${name}' cannot be read: the client is ${state}.${remedy}`);
  }
}

function notReady(store: string, { id, phase }: HeldTask): StateStoreError {
  return unavailable(
    `Task ${id.toString()} of store '${store}' is ${phase}, so its entries cannot be read yet. ` +
      'Try again a little later, or read what is there with includeStale.',
  );
}

function unavailable(message: string): StateStoreError {
  return new StateStoreError('STATE_UNAVAILABLE', message);
}
