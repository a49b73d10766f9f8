import { StateStoreError } from '../../errors/errors.js';
import { checkStoreOptions } from './check-store-options.js';
import { changelogOf, type ChangelogRetention, type StoreChangelog } from './changelog-topic.js';
import type { StateStore } from './state-store.js';
import type { ManagedStore, StoreEnvironment } from './store-environment.js';
import type { StoreKind, StoreOptions, StoreSettings } from './store-settings.js';

/**
 * Description of a store, from which each task makes its own. `S` is the store as processors see it, `R` as interactive
 * queries do.
 */
export interface StoreBuilder<S extends StateStore = StateStore, R = unknown> {
  readonly name: string;
  readonly settings: StoreSettings;
  /** Undefined: no changelog; the store starts empty wherever its task goes. */
  readonly changelog: StoreChangelog | undefined;
  /** Serdes and times that must not change while its state exists; part of the topology's fingerprint. */
  readonly fingerprint: string;
  build(env: StoreEnvironment): ManagedStore<S & StateStore, R>;
}

/** Checks options and applies defaults. @throws StateStoreError `STORE_INVALID_OPTION` */
export function resolveStoreSettings(kind: StoreKind, options: StoreOptions): StoreSettings {
  const { name, engine = 'lmdb', caching: isCached = false, changelog = {} } = options;
  if (
    typeof name !== 'string' ||
    !/^[a-zA-Z0-9._-]+$/.test(name) ||
    name === '.' ||
    name === '..' ||
    name.length > 200
  ) {
    throw new StateStoreError(
      'STORE_INVALID_OPTION',
      `Store name ${JSON.stringify(name)} is not allowed: use 1 to 200 letters, digits, '.', '_' and '-'; it becomes part of a topic name.`,
    );
  }
  checkStoreOptions(kind, options);
  const { enabled: isLogged = true, topicConfig = {} } = changelog;
  return Object.freeze({ name, kind, engine, isCached, isLogged, topicConfig: Object.freeze({ ...topicConfig }) });
}

/** Fails unless a time is a whole number of ms, at least `minimum`. */
export function checkDuration(name: string, option: string, valueMs: number, minimum: number): void {
  if (Number.isSafeInteger(valueMs) && valueMs >= minimum) return;
  throw new StateStoreError(
    'STORE_INVALID_OPTION',
    `Store ${name}: ${option} must be a whole number of milliseconds, at least ${minimum}, not ${valueMs}.`,
  );
}

/** Puts a builder together. */
export function defineStore<S extends StateStore, R>(
  settings: StoreSettings,
  retention: ChangelogRetention,
  fingerprintParts: readonly (string | number | boolean)[],
  build: (env: StoreEnvironment) => ManagedStore<S, R>,
): StoreBuilder<S, R> {
  return Object.freeze({
    name: settings.name,
    settings,
    changelog: settings.isLogged ? changelogOf(settings, retention) : undefined,
    fingerprint: [settings.kind, ...fingerprintParts].join('|'),
    build,
  });
}
