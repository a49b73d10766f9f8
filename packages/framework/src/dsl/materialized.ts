import type { Serde } from '../serde/serde.js';
import type { EngineKind } from '../state/engine/engine.js';
import { checkTableStoreOptions } from '../state/stores/check-store-options.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type { ChangelogSettings } from '../state/stores/store-settings.js';
import { Stores } from '../state/stores/stores.js';
import { checkName } from '../topology/node-names.js';
import type { NameProvider } from './graph/name-provider.js';
import { type DefaultSerdes, resolveSerdes } from './stream-state.js';

/** How a table or an aggregate is kept in a store. */
export interface Materialized<K, V> {
  /**
   * Name of the store, under which it can be queried; its changelog is `<application id>-<name>-changelog`. Without one
   * the name is generated, and changes when an operator is added before.
   */
  readonly name?: string | undefined;
  /** @default that of the stream or table, else the builder's `keySerde` */
  readonly keySerde?: Serde<K> | undefined;
  /** @default that of the stream or table if values keep their type, `int64` for counts, else the builder's `valueSerde` */
  readonly valueSerde?: Serde<V> | undefined;
  /** @default 'lmdb' */
  readonly engine?: EngineKind | undefined;
  /**
   * Whether updates of one key may be merged before they go downstream: at the latest with the next commit, earlier
   * when the process's cache budget is exceeded. `false`: each update goes on at once.
   * @default true
   */
  readonly caching?: boolean | undefined;
  readonly changelog?: ChangelogSettings | undefined;
}

/** What a store is made from beside its {@link Materialized}. */
export interface MaterializationDeps<K, V> {
  readonly names: NameProvider;
  /** Start of a generated name, e.g. `KSTREAM-REDUCE-`. */
  readonly prefix: string;
  readonly keySerde: Serde<K> | undefined;
  readonly valueSerde: Serde<V> | undefined;
  readonly defaults: DefaultSerdes;
  /** For messages, e.g. `count()`. */
  readonly what: string;
}

/** What others need to know of a store that may come to be. */
export interface StoreName {
  readonly name: string;
  readonly isNamedByUser: boolean;
}

/** The store of one table: decided on by its operator, made only if somebody needs it. */
export class Materialization<K, V> implements StoreName {
  readonly name: string;
  readonly isNamedByUser: boolean;
  #builder: StoreBuilder | undefined;
  #hasChangelog = true;

  constructor(
    private readonly options: Materialized<K, V>,
    private readonly deps: MaterializationDeps<K, V>,
  ) {
    checkTableStoreOptions(options);
    this.isNamedByUser = options.name !== undefined;
    if (options.name !== undefined) checkName(options.name, 'store');
    this.name = options.name ?? deps.names.nextStore(deps.prefix);
  }

  /** The topic that the table is read from takes the changelog's place. */
  useSourceAsChangelog(): void {
    this.#hasChangelog = false;
  }

  /** The same one at each call. @throws TopologyError `MISSING_SERDE` */
  get builder(): StoreBuilder {
    this.#builder ??= this.#create();
    return this.#builder;
  }

  /** @throws TopologyError `MISSING_SERDE` */
  get serdes(): { readonly keySerde: Serde<K>; readonly valueSerde: Serde<V> } {
    const { options, deps } = this;
    return resolveSerdes({ what: `the store of ${deps.what}`, node: this.name }, options, deps, deps.defaults);
  }

  #create(): StoreBuilder {
    const { name, options, deps } = this;
    if (!this.isNamedByUser) deps.names.noteGeneratedStore(name);
    const { engine, caching = true, changelog = {} } = options;
    return Stores.timestampedKeyValueStore<K, V>({
      name,
      ...this.serdes,
      ...(engine === undefined ? {} : { engine }),
      caching,
      changelog: this.#hasChangelog ? changelog : { ...changelog, enabled: false },
    });
  }
}
