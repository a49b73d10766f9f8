import type { EngineKind } from '../engine/engine.js';

/** What kind of store it is; part of the topology's fingerprint. */
export type StoreKind =
  'key-value' | 'timestamped-key-value' | 'window' | 'timestamped-window' | 'session' | 'versioned';

/** How the changelog topic of a store is set up. */
export interface ChangelogSettings {
  /** @default true */
  readonly enabled?: boolean;
  /** Topic settings that take precedence over Millrace's own, e.g. `{ 'segment.bytes': '1048576' }`. */
  readonly topicConfig?: Readonly<Record<string, string>>;
}

/** Options that all stores have. */
export interface StoreOptions {
  /** Letters, digits, `.`, `_` and `-`: it becomes part of the changelog's name `<application id>-<name>-changelog`. */
  readonly name: string;
  /** @default 'lmdb' */
  readonly engine?: EngineKind;
  /** Whether updates may be held back and merged before they are passed on. @default false */
  readonly caching?: boolean;
  readonly changelog?: ChangelogSettings;
}

/** Checked options of a store, with defaults applied. */
export interface StoreSettings {
  readonly name: string;
  readonly kind: StoreKind;
  readonly engine: EngineKind;
  readonly isCached: boolean;
  readonly isLogged: boolean;
  readonly topicConfig: Readonly<Record<string, string>>;
}
