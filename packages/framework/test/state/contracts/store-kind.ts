import type { EngineKind } from '../../../dist/state/engine/engine.js';
import type { StoreIterator } from '../../../dist/state/iterators/store-iterator.js';
import type { StateStore } from '../../../dist/state/stores/state-store.js';
import type { StoreBuilder } from '../../../dist/state/stores/store-builder.js';

/** What every kind of store runs with: each engine, and with or without caching where the kind has it. */
export interface StoreVariant {
  readonly engine: EngineKind;
  readonly caching: boolean;
}

/**
 * One kind of store in the terms that all of them share: entries with a key, a time and a text. `S` is the store as
 * processors see it, `R` its read-only form.
 */
export interface StoreKindUnderTest<R extends StateStore, S extends R> {
  readonly title: string;
  readonly isCaching: boolean;
  builder(variant: StoreVariant): StoreBuilder<S, R>;
  /** null deletes. */
  put(store: S, key: string, value: string | null, timeMs: number): void;
  get(store: R, key: string, timeMs: number): string | undefined;
  /** Each of its ways to walk over all entries of key `a`, or of all keys. */
  walks(store: R): readonly (() => StoreIterator<unknown>)[];
  /** Every other reading method, and every writing one. */
  calls(store: R): readonly (() => unknown)[];
  writes(store: S): readonly (() => unknown)[];
  /** Of stores that forget: the smallest time still written when this one has been seen. */
  readonly firstLiveMs?: (observedMs: number) => number;
  /** False: times are no part of what it keeps. */
  readonly hasTimes: boolean;
  /** More that this kind promises. */
  readonly contract: (variant: StoreVariant) => void;
}

/** Retention of all stores under test that forget. */
export const RETENTION_MS = 100_000;
/** Time of entries where it does not matter. */
export const TIME_MS = 10_000;
