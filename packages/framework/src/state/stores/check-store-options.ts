import { StateStoreError } from '../../errors/errors.js';
import type { StoreKind } from './store-settings.js';

const COMMON_OPTIONS = ['name', 'engine', 'changelog', 'keySerde', 'valueSerde'] as const;
const WINDOW_OPTIONS = ['caching', 'retentionMs', 'windowSizeMs', 'retainDuplicates'] as const;
const OWN_OPTIONS: Readonly<Record<StoreKind, readonly string[]>> = {
  'key-value': ['caching'],
  'timestamped-key-value': ['caching'],
  window: WINDOW_OPTIONS,
  'timestamped-window': WINDOW_OPTIONS,
  session: ['caching', 'retentionMs'],
  versioned: ['historyRetentionMs'],
};

/** Options of a table's store, see `Materialized`. */
const TABLE_OPTIONS = [...COMMON_OPTIONS, 'caching'];

/**
 * Checks what the compiler checks too where options are written out, but not where they are put together or come from
 * JavaScript: a misspelt `caching` would otherwise only show in the results.
 *
 * @throws StateStoreError `STORE_INVALID_OPTION`
 */
export function checkStoreOptions(kind: StoreKind, options: object): void {
  checkSettings(options, [...COMMON_OPTIONS, ...OWN_OPTIONS[kind]]);
  for (const serde of ['keySerde', 'valueSerde']) {
    if (!isObject(valueOf(options, serde))) refuse(options, `${serde} is missing`);
  }
}

/** The same for a table's store, whose serdes may come from elsewhere. @throws StateStoreError `STORE_INVALID_OPTION` */
export function checkTableStoreOptions(options: object): void {
  checkSettings(options, TABLE_OPTIONS);
}

function checkSettings(options: object, known: readonly string[]): void {
  checkNames(options, options, known, '');
  const engine = valueOf(options, 'engine') ?? 'lmdb';
  if (engine !== 'lmdb' && engine !== 'memory') refuse(options, `engine must be 'lmdb' or 'memory'`);
  if (typeof (valueOf(options, 'caching') ?? true) !== 'boolean') refuse(options, 'caching must be true or false');
  const changelog = valueOf(options, 'changelog') ?? {};
  if (!isObject(changelog)) refuse(options, 'changelog must be an object, e.g. { enabled: false }');
  checkNames(options, changelog, ['enabled', 'topicConfig'], 'changelog.');
  if (typeof (valueOf(changelog, 'enabled') ?? true) !== 'boolean') {
    refuse(options, 'changelog.enabled must be true or false');
  }
  const topicConfig = valueOf(changelog, 'topicConfig') ?? {};
  if (!isObject(topicConfig)) refuse(options, 'changelog.topicConfig must be an object');
  for (const [setting, value] of Object.entries(topicConfig)) {
    if (typeof value !== 'string') refuse(options, `changelog.topicConfig: the value of '${setting}' must be a text`);
  }
}

function checkNames(options: object, given: object, known: readonly string[], prefix: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue;
    refuse(options, `there is no option '${prefix}${name}'; there are ${known.join(', ')}`);
  }
}

function refuse(options: object, problem: string): never {
  throw new StateStoreError('STORE_INVALID_OPTION', `Store ${String(valueOf(options, 'name'))}: ${problem}.`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function valueOf(options: object, name: string): unknown {
  return (options as Readonly<Record<string, unknown>>)[name];
}
