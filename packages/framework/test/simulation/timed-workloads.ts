import { Topology } from '../../dist/topology/topology.js';
import type { ProcessorDeps } from './processors.js';
import type { Random } from './random.js';
import {
  RETENTION_MS,
  SessionKind,
  sessionName,
  VersionedKind,
  WINDOW_MS,
  WindowKind,
  type StoreKind,
} from './store-kinds.js';
import { GAP_MS, SessionLister, Versioner, WindowLister, type VersionCommand } from './timed-processors.js';
import {
  byKey,
  demand,
  demandAll,
  demandSame,
  note,
  textSerdes,
  Workload,
  type Input,
  type Output,
} from './workload.js';

const { input, output } = textSerdes;
const START_MS = 1_000_000;
/** How far event time moves between two records, at most, ms: so a history sees several retention times. */
const STEP_MS = 15_000;
/** Late records come up to this late, ms: some too late. */
const LATE_MS = 150_000;

/** Records with event times of their own, some of them late. What comes of a record follows from those before it in its partition. */
abstract class TimedWorkload extends Workload {
  readonly topics = ['in', 'out'];
  readonly consumed = ['in'];
  abstract override readonly stores: readonly StoreKind[];
  #nowMs = START_MS;

  override next(id: number, random: Random): Input {
    const { key, partition } = this.key(random);
    this.#nowMs += random.int(0, STEP_MS);
    const timestamp = random.chance(0.3) ? Math.max(START_MS, this.#nowMs - random.int(0, LATE_MS)) : this.#nowMs;
    return {
      topic: 'in',
      partition,
      key,
      timestamp,
      value: this.take({ id: String(id), key, partition, timestamp }, random),
    };
  }

  /** Takes a record into the model. @returns its value */
  protected abstract take(event: TimedEvent, random: Random): string;

  protected override build(deps: ProcessorDeps): Topology {
    const topology = new Topology()
      .addSource('in', { topics: 'in', ...input })
      .addProcessor('keep', { parents: 'in', supplier: () => this.processor(deps) });
    for (const { builder } of this.stores) topology.addStateStore(builder, 'keep');
    return topology.addSink('out', { parents: 'keep', topic: 'out', ...output });
  }

  protected abstract processor(deps: ProcessorDeps): WindowLister | SessionLister | Versioner;
}

interface TimedEvent {
  readonly id: string;
  readonly key: string;
  readonly partition: number;
  readonly timestamp: number;
}

/** A list of ids with the time that decides when it expires. */
interface List {
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly ids: readonly string[];
}

/** Lists in windows or sessions: all their updates, and which are still there at the end. */
abstract class ListWorkload extends TimedWorkload {
  protected readonly lists = new Map<string, List>();
  readonly #updates = new Map<string, (string | null)[]>();
  readonly #observedMs = new Map<number, number>();
  readonly #partitions = new Map<string, number>();

  protected set(partition: number, name: string, list: List, timeMs: number): boolean {
    this.#observedMs.set(partition, Math.max(this.#observedMs.get(partition) ?? -1, timeMs));
    if (!this.isLive(partition, timeMs)) return false;
    this.lists.set(name, list);
    this.#partitions.set(name, partition);
    this.#update(name, list.ids.join(','));
    return true;
  }

  protected remove(name: string): void {
    this.lists.delete(name);
    this.#update(name, null);
  }

  protected isLive(partition: number, timeMs: number): boolean {
    return timeMs > (this.#observedMs.get(partition) ?? -1) - RETENTION_MS;
  }

  /** Time by which a list expires. */
  protected abstract timeOf(list: List): number;

  override check(records: readonly Output[]): void {
    const seen = new Map<string, (string | null)[]>();
    for (const { key, value } of records) seen.set(key, [...(seen.get(key) ?? []), value]);
    if (this.isExact) this.#checkExact(seen);
    else this.#checkLive(seen);
  }

  #update(name: string, value: string | null): void {
    this.#updates.set(name, [...(this.#updates.get(name) ?? []), value]);
  }

  #checkExact(seen: ReadonlyMap<string, readonly (string | null)[]>): void {
    for (const name of new Set([...seen.keys(), ...this.#updates.keys()])) {
      const [has, should] = [seen.get(name) ?? [], this.#updates.get(name) ?? []];
      // Caches merge updates; what came and went between two commits is not seen at all.
      const [actual, expected] = this.settings.isCached ? [has.slice(-1), should.slice(-1)] : [has, should];
      const isGone = (values: readonly (string | null)[]): boolean => (values.at(-1) ?? null) === null;
      if (this.settings.isCached && isGone(actual) && isGone(expected)) continue;
      demandSame(`output of ${name}`, actual.map(String), expected.map(String));
    }
  }

  /** With repetitions, what is late may have come after that which makes it too late: only what is live must be there. */
  #checkLive(seen: ReadonlyMap<string, readonly (string | null)[]>): void {
    const idsOf = (values: readonly (string | null)[]): string[] => values.flatMap((value) => value?.split(',') ?? []);
    const all = new Set([...seen.values()].flatMap((values) => idsOf(this.canLoseState ? values : values.slice(-1))));
    for (const [name, list] of this.lists) {
      if (this.isLive(this.#partitions.get(name) ?? 0, this.timeOf(list))) demandAll(`list ${name}`, all, list.ids);
    }
  }
}

/** Tumbling windows; those that expire are forgotten, and what comes for them later is dropped. */
export class Windows extends ListWorkload {
  readonly stores = [new WindowKind('windows', this.settings)];

  protected override processor(deps: ProcessorDeps): WindowLister {
    return new WindowLister(deps);
  }

  protected override timeOf({ startMs }: List): number {
    return startMs;
  }

  protected override take({ id, key, partition, timestamp }: TimedEvent): string {
    const startMs = timestamp - (timestamp % WINDOW_MS);
    const name = `${key}@${startMs}`;
    const ids = [...(this.lists.get(name)?.ids ?? []), id];
    this.set(partition, name, { key, startMs, endMs: startMs + WINDOW_MS, ids }, startMs);
    return id;
  }
}

/** Sessions that grow and join; those that expire are forgotten. */
export class Sessions extends ListWorkload {
  readonly stores = [new SessionKind('sessions', this.settings)];

  protected override processor(deps: ProcessorDeps): SessionLister {
    return new SessionLister(deps);
  }

  protected override timeOf({ endMs }: List): number {
    return endMs;
  }

  protected override take({ id, key, partition, timestamp }: TimedEvent): string {
    const joined = [...this.lists.values()]
      .filter((list) => list.key === key && this.isLive(partition, list.endMs))
      .filter(({ startMs, endMs }) => endMs >= timestamp - GAP_MS && startMs <= timestamp + GAP_MS)
      .sort((a, b) => a.endMs - b.endMs || a.startMs - b.startMs);
    const startMs = Math.min(timestamp, ...joined.map((list) => list.startMs));
    const endMs = Math.max(timestamp, ...joined.map((list) => list.endMs));
    for (const list of joined) {
      if (list.startMs !== startMs || list.endMs !== endMs) this.remove(sessionName(key, list.startMs, list.endMs));
    }
    const ids = [...joined.flatMap((list) => list.ids), id];
    this.set(partition, sessionName(key, startMs, endMs), { key, startMs, endMs, ids }, endMs);
    return id;
  }
}

/** Versions put in any order, and looked at as of any time. */
export class Versions extends TimedWorkload {
  readonly stores = [
    new VersionedKind(
      'versions',
      this.settings,
      Array.from({ length: this.settings.keys }, (_, i) => `k${i}`),
    ),
  ];
  readonly #history = new Map<string, Map<number, string | null>>();
  readonly #observedMs = new Map<number, number>();
  readonly #expected = new Map<string, string[]>();

  protected override processor(deps: ProcessorDeps): Versioner {
    return new Versioner(deps);
  }

  protected override take({ id, key, partition, timestamp }: TimedEvent, random: Random): string {
    const lookMs = Math.max(0, timestamp + random.int(-LATE_MS, STEP_MS));
    const command: VersionCommand = { id, isDeletion: random.chance(0.2), lookMs };
    const versions = this.#history.get(key) ?? new Map<number, string | null>();
    this.#history.set(key, versions);
    const beforeMs = this.#observedMs.get(partition) ?? -1;
    if (timestamp >= beforeMs - RETENTION_MS) versions.set(timestamp, command.isDeletion ? null : id);
    const observedMs = Math.max(beforeMs, timestamp);
    this.#observedMs.set(partition, observedMs);
    const atMs = Math.max(...[...versions.keys()].filter((fromMs) => fromMs <= lookMs));
    const held = lookMs < observedMs - RETENTION_MS ? undefined : versions.get(atMs);
    note(this.#expected, key, `${id}|${held ?? '-'}`);
    return JSON.stringify(command);
  }

  override check(records: readonly Output[]): void {
    const actual = byKey(records);
    for (const [key, expected] of this.#expected) {
      const values = actual.get(key) ?? [];
      if (this.isExact) demandSame(`output of ${key}`, values, expected);
      else demandAll(`output of ${key}`, values.map(idOf), expected.map(idOf));
    }
    demand(actual.size <= this.#expected.size, () => 'there are more keys than were fed');
  }
}

function idOf(value: string): string {
  return value.slice(0, value.indexOf('|'));
}
