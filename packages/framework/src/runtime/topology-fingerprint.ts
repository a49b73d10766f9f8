import { StateStoreError } from '../errors/errors.js';
import type { Subtopology, TopologyPlan } from '../topology/topology-nodes.js';

/** What state depends on: a change of any of it makes existing state unreadable, or wrong. */
export interface StoreFingerprint {
  /** Kind, serdes and times of the store. */
  readonly store: string;
  /** Tasks among which its keys are shared; 0 for a global store, which has all of them. */
  readonly partitions: number;
}

/** The stores of a topology, or of one subtopology, by name. */
export type TopologyFingerprint = Readonly<Record<string, StoreFingerprint>>;

/** Fingerprint of a subtopology's stores. */
export function subtopologyFingerprint({ stores }: Subtopology, partitions: number): TopologyFingerprint {
  return sorted(stores.map(({ name, fingerprint: store }) => [name, { store, partitions }]));
}

/** Fingerprint of all stores. `taskCount` says how many tasks a subtopology has. */
export function topologyFingerprint(
  plan: TopologyPlan,
  taskCount: (subtopology: Subtopology) => number,
): TopologyFingerprint {
  const ofTasks = plan.subtopologies.flatMap((subtopology) =>
    Object.entries(subtopologyFingerprint(subtopology, taskCount(subtopology))),
  );
  const global = plan.globalStores.map(
    ({ builder: { name, fingerprint: store } }) => [name, { store, partitions: 0 }] as const,
  );
  return sorted([...ofTasks, ...global]);
}

/** What stands in the way of using state of one fingerprint with another, one sentence each. Stores may come and go. */
export function fingerprintChanges(before: TopologyFingerprint, now: TopologyFingerprint): readonly string[] {
  const changes: string[] = [];
  for (const [name, { store, partitions }] of Object.entries(now)) {
    const old = before[name];
    if (old === undefined) continue;
    if (old.store !== store) changes.push(`store ${name} was ${old.store}, and is ${store} now`);
    if (old.partitions !== partitions) {
      changes.push(`store ${name} was shared among ${old.partitions} tasks, and is among ${partitions} now`);
    }
  }
  return changes;
}

/** Both together; what `now` says counts. A store that is gone stays: its changelog may be there still. */
function mergeFingerprints(before: TopologyFingerprint, now: TopologyFingerprint): TopologyFingerprint {
  return sorted(Object.entries({ ...before, ...now }));
}

export function serializeFingerprint(fingerprint: TopologyFingerprint): string {
  return JSON.stringify(fingerprint);
}

/** Undefined: the text is not a fingerprint. */
export function parseFingerprint(text: string): TopologyFingerprint | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    const isWhole = Object.values(parsed as Record<string, Partial<StoreFingerprint> | null>).every(
      (entry) => typeof entry?.store === 'string' && typeof entry.partitions === 'number',
    );
    return isWhole ? (parsed as TopologyFingerprint) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Compares a fingerprint that was kept with state, as text, with that of the topology that wants to use it.
 *
 * @param where the state is, for the message
 * @returns what is to be kept from now on; undefined: it is what is kept already
 * @throws StateStoreError `STATE_INCOMPATIBLE`
 */
export function adopted(where: string, kept: string | undefined, now: TopologyFingerprint): string | undefined {
  const before = (kept === undefined ? undefined : parseFingerprint(kept)) ?? {};
  const changes = fingerprintChanges(before, now);
  if (changes.length > 0) throw incompatible(where, changes);
  const merged = serializeFingerprint(mergeFingerprints(before, now));
  return merged === kept ? undefined : merged;
}

/** @param where the state is, e.g. `The state in /var/lib/app/0_1` */
function incompatible(where: string, changes: readonly string[]): StateStoreError {
  return new StateStoreError(
    'STATE_INCOMPATIBLE',
    `${where} was made by another topology: ${changes.join('; ')}. Give each changed store a new name, which starts ` +
      'empty; or go back to the old topology; or reset the application: stop all its processes, delete its internal ' +
      'topics (changelogs, repartition topics, instances) and its state directories, and start again.',
  );
}

function sorted(entries: readonly (readonly [string, StoreFingerprint])[]): TopologyFingerprint {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
