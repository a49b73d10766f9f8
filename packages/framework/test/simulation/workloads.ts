import { Topology } from '../../dist/topology/topology.js';
import type { HistorySettings } from './history-settings.js';
import type { Probe } from './probe.js';
import { Aggregator, appended, Mapper, TableJoiner, TableKeeper, type ProcessorDeps } from './processors.js';
import type { Random } from './random.js';
import { Refused } from './refused-workload.js';
import { TextKind } from './store-kinds.js';
import { textStoreBuilder } from './text-store.js';
import { Sessions, Versions, Windows } from './timed-workloads.js';
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
const GROUPS = 3;

function groupOf(key: string): string {
  return `g${Number(key.slice(1)) % GROUPS}`;
}

/** Every record but each seventh goes through unchanged. */
class Stateless extends Workload {
  readonly topics = ['in', 'out'];
  readonly consumed = ['in'];
  readonly stores = [];
  readonly #expected = new Map<string, string[]>();

  protected override build(deps: ProcessorDeps): Topology {
    return new Topology()
      .addSource('in', { topics: 'in', ...input })
      .addProcessor('pass', {
        parents: 'in',
        supplier: () => new Mapper(deps, (key, value) => (isDropped(value) ? undefined : [key, value])),
      })
      .addSink('out', { parents: 'pass', topic: 'out', ...output });
  }

  override next(id: number, random: Random): Input {
    const value = String(id);
    const { key, partition } = this.key(random);
    if (!isDropped(value)) note(this.#expected, key, value);
    return { topic: 'in', partition, key, value };
  }

  override check(records: readonly Output[]): void {
    const actual = byKey(records);
    for (const [key, expected] of this.#expected) {
      const values = actual.get(key) ?? [];
      if (this.isExact) demandSame(`output of ${key}`, values, expected);
      else demandAll(`output of ${key}`, values, expected);
    }
  }
}

function isDropped(value: string | null): boolean {
  return Number(value) % 7 === 6;
}

/** Records are grouped by another key; each group keeps the list of its ids. */
class Aggregate extends Workload {
  readonly topics = ['in', 'out'];
  readonly consumed = ['in', 'app-grouped-repartition'];
  readonly stores = [new TextKind('lists', this.settings)];
  protected override readonly tickSource = 'grouped-source';
  readonly #expected = new Map<string, string[]>();

  protected override build(deps: ProcessorDeps): Topology {
    return new Topology()
      .addSource('in', { topics: 'in', ...input })
      .addProcessor('group', { parents: 'in', supplier: () => new Mapper(deps, (key, id) => [groupOf(key), id]) })
      .addRepartitionTopic({ name: 'grouped-repartition' })
      .addSink('grouped-sink', { parents: 'group', topic: 'grouped-repartition', ...output })
      .addSource('grouped-source', { topics: 'grouped-repartition', ...input })
      .addProcessor('collect', { parents: 'grouped-source', supplier: () => new Aggregator(deps, 'lists', appended) })
      .addStateStore(textStoreBuilder('lists', deps.shape), 'collect')
      .addSink('out', { parents: 'collect', topic: 'out', ...output });
  }

  override next(id: number, random: Random): Input {
    const { key, partition } = this.key(random);
    note(this.#expected, groupOf(key), String(id));
    return { topic: 'in', partition, key, value: String(id) };
  }

  override check(records: readonly Output[]): void {
    const actual = byKey(records);
    for (const [group, expected] of this.#expected) {
      const lists = actual.get(group) ?? [];
      const last = idsOf(lists.at(-1));
      if (this.isExact) {
        demandGrowth(group, lists, this.settings.isCached);
        // Several input partitions lead here, in any order.
        demandSame(`last list of ${group}`, last.toSorted(byNumber), expected);
      } else {
        demandAll(`list of ${group}`, this.canLoseState ? lists.flatMap(idsOf) : last, expected);
      }
    }
  }
}

function idsOf(list: string | undefined): string[] {
  return list === undefined || list === '' ? [] : list.split(',');
}

function byNumber(a: string, b: string): number {
  return Number(a) - Number(b);
}

/** Each value continues the one before, by one id, or by some where updates are merged. */
function demandGrowth(key: string, lists: readonly string[], isMerged: boolean): void {
  let before = '';
  for (const list of lists) {
    const isContinued = before === '' || list.startsWith(`${before},`);
    demand(isContinued, () => `output of ${key}: ${list} does not continue ${before}`);
    const grown = idsOf(list).length - idsOf(before).length;
    demand(isMerged ? grown > 0 : grown === 1, () => `output of ${key}: ${list} is ${grown} longer than ${before}`);
    before = list;
  }
}

/**
 * A list per key, a copy of it in a second store behind the first, and per group of keys the lists of all its keys.
 */
class Chained extends Workload {
  readonly topics = ['in', 'out'];
  readonly consumed = ['in', 'app-grouped-repartition'];
  readonly stores = ['lists', 'copies', 'groups'].map((name) => new TextKind(name, this.settings));
  readonly #expected = new Map<string, string[]>();

  protected override build(deps: ProcessorDeps): Topology {
    return new Topology()
      .addSource('in', { topics: 'in', ...input })
      .addProcessor('collect', { parents: 'in', supplier: () => new Aggregator(deps, 'lists', appended) })
      .addStateStore(textStoreBuilder('lists', deps.shape), 'collect')
      .addProcessor('copy', { parents: 'collect', supplier: () => new Aggregator(deps, 'copies', (_, list) => list) })
      .addStateStore(textStoreBuilder('copies', deps.shape), 'copy')
      .addProcessor('group', {
        parents: 'copy',
        supplier: () => new Mapper(deps, (key, list) => [groupOf(key), `${key}:${list ?? ''}`]),
      })
      .addRepartitionTopic({ name: 'grouped-repartition' })
      .addSink('grouped-sink', { parents: 'group', topic: 'grouped-repartition', ...output })
      .addSource('grouped-source', { topics: 'grouped-repartition', ...input })
      .addProcessor('merge', { parents: 'grouped-source', supplier: () => new Aggregator(deps, 'groups', merged) })
      .addStateStore(textStoreBuilder('groups', deps.shape), 'merge')
      .addSink('out', { parents: 'merge', topic: 'out', ...output });
  }

  override next(id: number, random: Random): Input {
    const { key, partition } = this.key(random);
    note(this.#expected, key, String(id));
    return { topic: 'in', partition, key, value: String(id) };
  }

  override check(records: readonly Output[]): void {
    const lists = new Map<string, string[]>();
    for (const { value } of records) {
      for (const [key, list] of entriesOf(value ?? undefined)) {
        if (lists.get(key)?.at(-1) !== list) note(lists, key, list);
      }
    }
    for (const [key, expected] of this.#expected) {
      const seen = lists.get(key) ?? [];
      if (this.isExact) {
        demandGrowth(key, seen, this.settings.isCached);
        demandSame(`last list of ${key}`, idsOf(seen.at(-1)), expected);
      } else {
        demandAll(`list of ${key}`, this.canLoseState ? seen.flatMap(idsOf) : idsOf(seen.at(-1)), expected);
      }
    }
  }
}

/** `k0:1,2;k3:5` as entries. */
function entriesOf(group: string | undefined): Map<string, string> {
  const parts = group === undefined || group === '' ? [] : group.split(';');
  return new Map(parts.map((part) => part.split(':') as [string, string]));
}

function merged(group: string | undefined, entry: string | null): string {
  const entries = entriesOf(group);
  for (const [key, list] of entriesOf(entry ?? undefined)) entries.set(key, list);
  return [...entries].map(([key, list]) => `${key}:${list}`).join(';');
}

/**
 * Records meet the value that a table has for their key; both come from topics with the same partitions. The table's topic
 * may serve as its changelog.
 */
class TableJoin extends Workload {
  readonly topics = ['in', 'table', 'out'];
  readonly consumed = ['in', 'table'];
  readonly #isSource = this.settings.workload === 'source-table';
  readonly stores = [
    new TextKind('table', this.settings, this.settings.isCached, this.#isSource ? 'table' : undefined),
    new TextKind('seen', this.settings, false),
  ];
  readonly #expected = new Map<string, string[]>();
  #isTableCleaned = false;

  protected override build(deps: ProcessorDeps): Topology {
    const topology = this.#isSource ? new Topology().useSourceAsChangelog('table', 'table') : new Topology();
    return topology
      .addSource('in', { topics: 'in', ...input })
      .addSource('table', { topics: 'table', ...input })
      .addProcessor('keep', { parents: 'table', supplier: () => new TableKeeper(deps) })
      .addProcessor('join', { parents: 'in', supplier: () => new TableJoiner(deps) })
      .addStateStore(textStoreBuilder('table', deps.shape), 'keep', 'join')
      .addStateStore(textStoreBuilder('seen', deps.shape, false), 'join')
      .copartition(['in', 'table'])
      .addSink('out', { parents: 'join', topic: 'out', ...output });
  }

  override next(id: number, random: Random): Input {
    const { key, partition } = this.key(random);
    if (random.chance(0.3)) {
      return { topic: 'table', partition, key, value: random.chance(0.2) ? null : String(id) };
    }
    note(this.#expected, key, String(id));
    return { topic: 'in', partition, key, value: String(id) };
  }

  override onCleaned(topic: string): void {
    this.#isTableCleaned ||= topic === 'table';
  }

  override check(records: readonly Output[]): void {
    const actual = byKey(records);
    for (const [key, expected] of this.#expected) {
      const pairs = (actual.get(key) ?? []).map((value) => value.split('|') as [string, string]);
      const ids = pairs.map(([id]) => id);
      if (!this.isExact) {
        demandAll(`output of ${key}`, ids, expected);
        continue;
      }
      demandSame(`output of ${key}`, ids, expected);
      // Whoever reads a compacted topic from an old offset on sees the old value of a key until its last one comes.
      if (this.#isTableCleaned) continue;
      const versions = pairs.map(([, version]) => version).filter((version) => version !== '-');
      const isRising = versions.every((version, i) => i === 0 || Number(version) >= Number(versions[i - 1]));
      demand(isRising, () => `output of ${key}: the table went back: ${versions.join(',')}`);
    }
  }
}

const kinds = {
  stateless: Stateless,
  aggregate: Aggregate,
  chained: Chained,
  'table-join': TableJoin,
  'source-table': TableJoin,
  windows: Windows,
  sessions: Sessions,
  versions: Versions,
  refused: Refused,
} as const;

export function workloadOf(settings: HistorySettings, probe: Probe): Workload {
  return new kinds[settings.workload](settings, probe);
}
