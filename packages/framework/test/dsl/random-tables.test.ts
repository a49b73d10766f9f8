import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  serdes,
  Stores,
  StreamsBuilder,
  type KGroupedStream,
  type KGroupedTable,
  type KStream,
  type KTable,
  type Materialized,
  type Optimization,
  type Topology,
} from '../../dist/index.js';

/** Made by Kafka Streams, see `../topology/java/README.md`. */
interface Golden {
  readonly optimize: 'none' | 'all' | Optimization;
  readonly calls: readonly Call[];
  readonly describe: string;
  readonly changelogs: readonly string[];
}

interface Call {
  readonly call: string;
  /** Index among the streams, grouped streams, tables or grouped tables made before. */
  readonly on?: number;
  readonly name?: string;
  /** Name of the store; empty: a `Materialized` without a name. */
  readonly store?: string;
  readonly topic?: string;
  readonly stores?: readonly string[];
}

const goldens = readFileSync(new URL('../../test/topology/java/random-tables.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden);

const { string } = serdes;
const pair = (value: string, key: string) => [key, value] as const;
const first = (aggregate: string) => aggregate;
const nothing = () => ({ process: () => undefined });

/** Makes the calls of one golden topology. */
class Program {
  readonly #streams: KStream<string, string>[] = [];
  readonly #groups: KGroupedStream<string, string>[] = [];
  readonly #tables: KTable<string, string>[] = [];
  readonly #tableGroups: KGroupedTable<string, string>[] = [];

  constructor(private readonly builder: StreamsBuilder) {}

  make(call: Call): void {
    const { on = 0, name, topic = '' } = call;
    const { builder } = this;
    const store = materialized<string>(call);
    switch (call.call) {
      case 'stream':
        this.#streams.push(builder.stream(topic));
        return;
      case 'table':
        this.#tables.push(builder.table(topic, { name }, store));
        return;
      case 'globalTable':
        builder.globalTable(topic, { name });
        return;
      case 'addStateStore':
        builder.addStateStore(
          Stores.keyValueStore({ name: call.store ?? '', engine: 'memory', keySerde: string, valueSerde: string }),
        );
        return;
      case 'toStream':
        this.#streams.push(at(this.#tables, on).toStream({ name }));
        return;
      case 'tableGroupBy':
        this.#tableGroups.push(at(this.#tables, on).groupBy(pair, { name }));
        return;
      case 'groupByKey':
        this.#groups.push(at(this.#streams, on).groupByKey({ name }));
        return;
      case 'groupBy':
        this.#groups.push(at(this.#streams, on).groupBy((value) => value, { name }));
        return;
      default:
        if (!this.#stream(call) && !this.#table(call)) assert.fail(`unknown call ${call.call}`);
    }
  }

  #stream(call: Call): boolean {
    const { on = 0, name, stores } = call;
    const stream = at(this.#streams, Math.min(on, this.#streams.length - 1));
    const processed = { name, stores };
    switch (call.call) {
      case 'selectKey':
        this.#streams.push(stream.selectKey((value) => value, { name }));
        return true;
      case 'mapValues':
        this.#streams.push(stream.mapValues((value) => value, { name }));
        return true;
      case 'repartition':
        this.#streams.push(stream.repartition({ name }));
        return true;
      case 'process':
        this.#streams.push(stream.process<string, string>(nothing, processed));
        return true;
      case 'processValues':
        this.#streams.push(stream.processValues<string>(nothing, processed));
        return true;
      case 'toTable':
        this.#tables.push(stream.toTable(materialized<string>(call), { name }));
        return true;
      case 'to':
        stream.to('out', { name });
        return true;
      default:
        return false;
    }
  }

  #table(call: Call): boolean {
    const { on = 0, name } = call;
    const store = materialized<string>(call);
    const counted = materialized<number>(call);
    const initial = () => '';
    const table = (): KTable<string, string> => at(this.#tables, on);
    const group = (): KGroupedStream<string, string> => at(this.#groups, on);
    const tableGroup = (): KGroupedTable<string, string> => at(this.#tableGroups, on);
    const makers: Record<string, () => KTable<string, string>> = {
      tableFilter: () => table().filter(() => true, { name }, store),
      tableFilterNot: () => table().filterNot(() => true, { name }, store),
      tableMapValues: () => table().mapValues((value) => value, { name }, store),
      count: () => group().count(counted, { name }) as KTable<string, unknown> as KTable<string, string>,
      reduce: () => group().reduce(first, store, { name }),
      aggregate: () => group().aggregate(initial, first, store, { name }),
      tableCount: () => tableGroup().count(counted, { name }) as KTable<string, unknown> as KTable<string, string>,
      tableReduce: () => tableGroup().reduce(first, first, store, { name }),
      tableAggregate: () => tableGroup().aggregate(initial, first, first, store, { name }),
    };
    const maker = makers[call.call];
    if (maker !== undefined) this.#tables.push(maker());
    return maker !== undefined;
  }
}

function materialized<V>({ store }: Call): Materialized<string, V> | undefined {
  return store === undefined ? undefined : store === '' ? {} : { name: store };
}

function at<T>(made: readonly T[], index: number): T {
  const found = made[index];
  assert.ok(found, `there is no ${index}`);
  return found;
}

/** The topics that stores of tasks are restored from, in full. */
function changelogs(topology: Topology): string[] {
  const { subtopologies, sourceChangelogs } = topology.plan();
  return subtopologies
    .flatMap(({ stores }) => stores)
    .flatMap(({ name, changelog }) => sourceChangelogs.get(name) ?? (changelog ? `app-${changelog.suffix}` : []))
    .sort();
}

describe('Random topologies of tables and aggregates', () => {
  it('should be described as by Kafka Streams, with the same changelogs', () => {
    assert.equal(goldens.length, 300);
    for (const [index, golden] of goldens.entries()) {
      const optimize = golden.optimize === 'none' || golden.optimize === 'all' ? golden.optimize : [golden.optimize];
      const builder = new StreamsBuilder({ keySerde: string, valueSerde: string, optimize });
      const program = new Program(builder);
      for (const call of golden.calls) program.make(call);
      const topology = builder.build();
      assert.equal(topology.describe(), golden.describe, `line ${index + 1}`);
      assert.deepEqual(changelogs(topology), golden.changelogs, `line ${index + 1}`);
    }
  });
});
