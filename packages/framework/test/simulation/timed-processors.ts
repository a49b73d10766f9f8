import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import { Windowed } from '../../dist/time/windowed.js';
import type { ValueAndTimestamp } from '../../dist/state/stores/serde-codec.js';
import type { CachingSessionStore, CachingWindowStore } from '../../dist/state/stores/stores.js';
import type { VersionedStore } from '../../dist/state/stores/versioned-store.js';
import { appended, ProbedProcessor, type TextRecord } from './processors.js';
import { sessionName, WINDOW_MS } from './store-kinds.js';

/** Longest time between two events of a session, ms. */
export const GAP_MS = 10_000;

/** Keeps the list of the ids in each window. */
export class WindowLister extends ProbedProcessor {
  #store!: CachingWindowStore<string, string | ValueAndTimestamp<string>>;
  #isCached = false;

  override init(context: ProcessorContext<string, string | null>): void {
    super.init(context);
    this.#store = this.openStore('windows');
    this.#isCached = this.#store.setUpdateListener(({ key: { key, window }, newValue, timestampMs }) => {
      this.emit(`${key}@${window.startMs}`, newValue === null ? null : listOf(newValue), timestampMs);
    }, false);
  }

  override process({ key, value: id, timestamp }: TextRecord): void {
    const startMs = timestamp - (timestamp % WINDOW_MS);
    const old = this.#store.get(key, startMs);
    const list = appended(old === undefined ? undefined : listOf(old), id);
    const { isTimestamped } = this.deps.shape;
    this.#store.put(key, isTimestamped ? { value: list, timestampMs: timestamp } : list, startMs);
    // A window that has expired was not written.
    if (this.#isCached || this.#store.get(key, startMs) === undefined) return;
    this.emit(`${key}@${startMs}`, list, timestamp);
  }
}

function listOf(stored: string | ValueAndTimestamp<string>): string {
  return typeof stored === 'string' ? stored : stored.value;
}

/** Keeps the list of the ids in each session; an event may join two sessions. */
export class SessionLister extends ProbedProcessor {
  #store!: CachingSessionStore<string, string>;
  #isCached = false;

  override init(context: ProcessorContext<string, string | null>): void {
    super.init(context);
    this.#store = this.openStore('sessions');
    this.#isCached = this.#store.setUpdateListener(({ key: { key, window }, newValue, timestampMs }) => {
      this.emit(sessionName(key, window.startMs, window.endMs), newValue, timestampMs);
    }, false);
  }

  override process({ key, value: id, timestamp }: TextRecord): void {
    let [startMs, endMs, list] = [timestamp, timestamp, ''];
    const joined: Windowed<string>[] = [];
    for (const [session, ids] of this.#store.findSessions(key, timestamp - GAP_MS, timestamp + GAP_MS)) {
      joined.push(session);
      startMs = Math.min(startMs, session.window.startMs);
      endMs = Math.max(endMs, session.window.endMs);
      list = appended(list, ids);
    }
    for (const session of joined) {
      const { window } = session;
      if (window.startMs === startMs && window.endMs === endMs) continue;
      this.#store.remove(session);
      if (!this.#isCached) this.emit(sessionName(key, window.startMs, window.endMs), null, timestamp);
    }
    const whole = appended(list, id);
    this.#store.put(new Windowed(key, { startMs, endMs }), whole);
    if (this.#isCached || this.#store.fetchSession(key, startMs, endMs) === undefined) return;
    this.emit(sessionName(key, startMs, endMs), whole, timestamp);
  }
}

/** What a record of the versioned workload asks for: put its id (or delete), then look at another time. */
export interface VersionCommand {
  readonly id: string;
  readonly isDeletion: boolean;
  readonly lookMs: number;
}

/** Keeps each id as a version, and tells which one held at some time. */
export class Versioner extends ProbedProcessor {
  #store!: VersionedStore<string, string>;

  override init(context: ProcessorContext<string, string | null>): void {
    super.init(context);
    this.#store = this.openStore('versions');
  }

  override process({ key, value, timestamp }: TextRecord): void {
    const { id, isDeletion, lookMs } = JSON.parse(value ?? '') as VersionCommand;
    this.#store.put(key, isDeletion ? null : id, timestamp);
    this.emit(key, `${id}|${this.#store.asOf(key, lookMs)?.value ?? '-'}`, timestamp);
  }
}
