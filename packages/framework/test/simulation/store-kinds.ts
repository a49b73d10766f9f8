import type { ConsumedRecord } from '../../dist/client/records.js';
import { serdes } from '../../dist/serde/serdes.js';
import type { StateStore } from '../../dist/state/stores/state-store.js';
import type { StoreBuilder } from '../../dist/state/stores/store-builder.js';
import type { ValueAndTimestamp } from '../../dist/state/stores/serde-codec.js';
import {
  Stores,
  type CachingKeyValueStore,
  type CachingSessionStore,
  type CachingWindowStore,
} from '../../dist/state/stores/stores.js';
import type { VersionedStore } from '../../dist/state/stores/versioned-store.js';
import { textStoreBuilder, type StoreShape } from './text-store.js';

/** Entries in readable form. */
export type Contents = Map<string, string>;

/** A store as the checks see it. */
export interface StoreKind {
  readonly name: string;
  readonly builder: StoreBuilder;
  /** Full name of the topic that it is restored from. */
  readonly changelog: string;
  /** What the brokers' cleaner may do to the changelog at any time. */
  readonly cleanup: 'compact' | 'compact,delete' | 'none';
  contents(store: StateStore): Contents;
  /** What must be in it after all of the changelog. */
  replay(records: readonly ConsumedRecord[]): Contents;
}

const { string } = serdes;
const ofText = { keySerde: string, valueSerde: string };

/** Event times of windows and sessions, ms. */
export const WINDOW_MS = 10_000;
export const RETENTION_MS = 90_000;
/** More than any window or session lasts: a changelog record's time is that of the last event in it. */
export const ADDITIONAL_RETENTION_MS = 200_000;

/** A key-value store of texts. */
export class TextKind implements StoreKind {
  readonly builder: StoreBuilder;
  readonly cleanup = 'compact';

  constructor(
    readonly name: string,
    private readonly shape: StoreShape,
    isCached = shape.isCached,
    readonly changelog = `app-${name}-changelog`,
  ) {
    this.builder = textStoreBuilder(name, shape, isCached);
  }

  contents(store: StateStore): Contents {
    const entries = [...(store as CachingKeyValueStore<string, Shown>).all()];
    return new Map(entries.map(([key, value]) => [key, textOf(value)]));
  }

  replay(records: readonly ConsumedRecord[]): Contents {
    return latest(records, (key) => key.toString(), this.shape);
  }
}

/** A window store of texts. */
export class WindowKind implements StoreKind {
  readonly builder: StoreBuilder;
  readonly changelog: string;
  readonly cleanup = 'compact,delete';

  constructor(
    readonly name: string,
    private readonly shape: StoreShape,
  ) {
    const { engine, isCached: caching } = shape;
    const times = { windowSizeMs: WINDOW_MS, retentionMs: RETENTION_MS };
    const options = { name, ...ofText, ...times, engine, caching };
    this.builder = shape.isTimestamped ? Stores.timestampedWindowStore(options) : Stores.windowStore(options);
    this.changelog = `app-${name}-changelog`;
  }

  contents(store: StateStore): Contents {
    const entries = [...(store as CachingWindowStore<string, Shown>).all()];
    return new Map(entries.map(([{ key, window }, value]) => [`${key}@${window.startMs}`, textOf(value)]));
  }

  replay(records: readonly ConsumedRecord[]): Contents {
    const startOf = (key: Buffer): number => Number(key.readBigInt64BE(key.length - 12));
    const least = Math.max(...records.map(({ key }) => startOf(key as Buffer))) - RETENTION_MS + 1;
    const live = records.filter(({ key }) => startOf(key as Buffer) >= least);
    return latest(live, (key) => `${key.toString('utf8', 0, key.length - 12)}@${startOf(key)}`, this.shape);
  }
}

/** A session store of texts. */
export class SessionKind implements StoreKind {
  readonly builder: StoreBuilder;
  readonly changelog: string;
  readonly cleanup = 'compact,delete';

  constructor(
    readonly name: string,
    { engine, isCached: caching }: StoreShape,
  ) {
    this.builder = Stores.sessionStore({ name, ...ofText, retentionMs: RETENTION_MS, engine, caching });
    this.changelog = `app-${name}-changelog`;
  }

  contents(store: StateStore): Contents {
    const sessions = store as CachingSessionStore<string, string>;
    const entries = [...sessions.findSessionsOfKeys(undefined, undefined, 0, Number.MAX_SAFE_INTEGER)];
    return new Map(entries.map(([{ key, window }, value]) => [sessionName(key, window.startMs, window.endMs), value]));
  }

  replay(records: readonly ConsumedRecord[]): Contents {
    const endOf = (key: Buffer): number => Number(key.readBigInt64BE(key.length - 16));
    const startOf = (key: Buffer): number => Number(key.readBigInt64BE(key.length - 8));
    const least = Math.max(...records.map(({ key }) => endOf(key as Buffer))) - RETENTION_MS + 1;
    const live = records.filter(({ key }) => endOf(key as Buffer) >= least);
    const nameOf = (key: Buffer): string =>
      sessionName(key.toString('utf8', 0, key.length - 16), startOf(key), endOf(key));
    return latest(live, nameOf, { isTimestamped: false });
  }
}

/** A versioned store of texts. */
export class VersionedKind implements StoreKind {
  readonly builder: StoreBuilder;
  readonly changelog: string;
  /** Its changelog is not compacted before the history is over. */
  readonly cleanup = 'none';

  constructor(
    readonly name: string,
    { engine }: StoreShape,
    private readonly keys: readonly string[],
  ) {
    this.builder = Stores.versionedKeyValueStore({ name, ...ofText, historyRetentionMs: RETENTION_MS, engine });
    this.changelog = `app-${name}-changelog`;
  }

  contents(store: StateStore): Contents {
    const versions = (key: string): [string, string][] =>
      [...(store as VersionedStore<string, string>).versions(key, 0, Number.MAX_SAFE_INTEGER)].map(
        ({ value, timestampMs, validToMs }) => [`${key}@${timestampMs}`, `${value} until ${validToMs ?? 'now'}`],
      );
    return new Map(this.keys.flatMap(versions));
  }

  replay(records: readonly ConsumedRecord[]): Contents {
    const history = new Map<string, Map<number, string | null>>();
    let observedMs = -1;
    for (const { key, value, timestamp } of records) {
      const name = (key as Buffer).toString();
      history.set(name, (history.get(name) ?? new Map<number, string | null>()).set(timestamp, text(value)));
      observedMs = Math.max(observedMs, timestamp);
    }
    const contents: Contents = new Map();
    for (const [key, versions] of history) {
      const sorted = [...versions].sort(([a], [b]) => a - b);
      sorted.forEach(([fromMs, value], i) => {
        const toMs = sorted[i + 1]?.[0];
        if (value === null || (toMs !== undefined && toMs <= observedMs - RETENTION_MS)) return;
        contents.set(`${key}@${fromMs}`, `${value} until ${toMs ?? 'now'}`);
      });
    }
    return contents;
  }
}

export function sessionName(key: string, startMs: number, endMs: number): string {
  return `${key}@${startMs}-${endMs}`;
}

type Shown = string | ValueAndTimestamp<string>;

function textOf(value: Shown): string {
  return typeof value === 'string' ? value : `${value.value} @${value.timestampMs}`;
}

function text(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString();
}

/** The last value of each key. */
function latest(
  records: readonly ConsumedRecord[],
  nameOf: (key: Buffer) => string,
  { isTimestamped }: Pick<StoreShape, 'isTimestamped'>,
): Contents {
  const contents: Contents = new Map();
  for (const { key, value, timestamp } of records) {
    const name = nameOf(key ?? Buffer.alloc(0));
    if (value === null) contents.delete(name);
    else contents.set(name, isTimestamped ? `${value.toString()} @${timestamp}` : value.toString());
  }
  return contents;
}
