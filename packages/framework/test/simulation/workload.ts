import type { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import type { ConsumedRecord } from '../../dist/client/records.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { serdes } from '../../dist/serde/serdes.js';
import type { Topology } from '../../dist/topology/topology.js';
import type { HistorySettings } from './history-settings.js';
import type { Life, Probe } from './probe.js';
import { Ticker, type ProcessorDeps } from './processors.js';
import type { Random } from './random.js';
import { TextKind, type StoreKind } from './store-kinds.js';

/** A record for an input topic. */
export interface Input {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: string | null;
  /** @default the time of feeding, ms */
  readonly timestamp?: number;
}

/** A committed record of an output topic. */
export interface Output {
  readonly key: string;
  readonly value: string | null;
}

/** The wrong result of a history. */
export class Violation extends Error {}

export function demand(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message());
}

/** A topology with its input and with what must come out of it. */
export abstract class Workload {
  /** Topics that exist before the start, all with the history's number of partitions. */
  abstract readonly topics: readonly string[];
  /** Full names of the topics that are read, internal ones included. */
  abstract readonly consumed: readonly string[];
  /** Stores besides that of the ticks. */
  abstract readonly stores: readonly StoreKind[];
  /** Settings of the topics that have any. */
  readonly topicConfigs: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

  constructor(
    protected readonly settings: HistorySettings,
    private readonly probe: Probe,
  ) {}

  /** The topology as a process builds it at the start of a life. */
  topology(life: Life): Topology {
    const { settings, probe } = this;
    const topology = this.build({ shape: settings, probe, life });
    if (settings.hasTicks) {
      topology
        .addStateStore(new TextKind('ticks', settings, false).builder)
        .addProcessor('ticker', {
          parents: this.tickSource,
          supplier: () => new Ticker(this.deps(life)),
          stores: ['ticks'],
        })
        .addSink('ticks-out', { parents: 'ticker', topic: 'ticks', ...textSerdes.output });
    }
    return topology;
  }

  /** The next record to feed; it becomes part of what is expected. */
  abstract next(id: number, random: Random): Input;

  /** Checks the committed output. @throws Violation */
  abstract check(output: readonly Output[]): void;

  /** All stores, by name. */
  get kinds(): ReadonlyMap<string, StoreKind> {
    const ticks = this.settings.hasTicks ? [new TextKind('ticks', this.settings, false)] : [];
    return new Map([...this.stores, ...ticks].map((kind) => [kind.name, kind]));
  }

  /** What the application needs besides its topology. */
  get options(): Partial<StreamsOptions> {
    return {};
  }

  /** Topics and permissions before the start. */
  prepare(kafka: MemoryKafka): void {
    const { partitions } = this.settings;
    for (const topic of [...this.topics, 'ticks']) {
      kafka.createTopic({ topic, partitions, configs: this.topicConfigs[topic] ?? {} });
    }
  }

  /** The brokers' cleaner was at a topic that stores are restored from. */
  onCleaned(_topic: string): void {
    // Where all of it goes to the changelog first, output does not show it.
  }

  /** Checks what is in other topics than the output. @throws Violation */
  checkAlso(_kafka: MemoryKafka): void {
    // Most have none.
  }

  /** Source whose tasks tick. */
  protected readonly tickSource: string = 'in';

  protected abstract build(deps: ProcessorDeps): Topology;

  protected deps(life: Life): ProcessorDeps {
    return { shape: this.settings, probe: this.probe, life };
  }

  protected key(random: Random): { readonly key: string; readonly partition: number } {
    const number = random.int(0, this.settings.keys - 1);
    return { key: `k${number}`, partition: number % this.settings.partitions };
  }

  /** Whether results must be exact; else each input must have had its effect at least once. */
  protected get isExact(): boolean {
    return this.settings.isExactlyOnce;
  }

  /** At-least-once with zombies: an old owner's late writes may overwrite newer state. */
  get canLoseState(): boolean {
    return !this.settings.isExactlyOnce && this.settings.hasZombies;
  }
}

/** Every count from 1 on, once, in order, and from one run of a task at a time. */
export function checkTicks(records: readonly ConsumedRecord[]): void {
  const counts = new Map<string, number>();
  for (const { key, value } of records) {
    const task = key?.toString() ?? '';
    const expected = (counts.get(task) ?? 0) + 1;
    demand(
      Number(value?.toString()) === expected,
      () => `tick ${value?.toString()} of task ${task} comes after ${expected - 1}`,
    );
    counts.set(task, expected);
  }
}

/** Effects of two runs of one task must not mix: all of one come before all of the next. */
export function checkRuns(topic: string, records: readonly ConsumedRecord[]): void {
  const current = new Map<string, string>();
  const past = new Set<string>();
  for (const { headers, offset } of records) {
    const run = headers.find(({ key }) => key === 'run')?.value?.toString() ?? '';
    const task = run.slice(0, run.indexOf('/'));
    const before = current.get(task);
    if (before === run) continue;
    demand(!past.has(run), () => `${topic}: offset ${offset} is of run ${run}, but run ${before} came in between`);
    if (before !== undefined) past.add(before);
    current.set(task, run);
  }
}

export const textSerdes = {
  input: { keyDeserializer: serdes.string, valueDeserializer: serdes.string },
  output: { keySerializer: serdes.string, valueSerializer: serdes.string },
};

export function byKey(output: readonly Output[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const { key, value } of output) {
    const list = values.get(key) ?? [];
    values.set(key, list);
    list.push(value ?? '');
  }
  return values;
}

/** Adds to a list in a map. */
export function note(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  list.push(value);
}

export function demandSame(what: string, actual: readonly string[], expected: readonly string[]): void {
  if (actual.length === expected.length && actual.every((item, i) => item === expected[i])) return;
  const missing = expected.filter((item) => !actual.includes(item));
  const doubled = actual.filter((item, i) => actual.indexOf(item) !== i);
  throw new Violation(
    `${what}: expected ${expected.join(',')} but got ${actual.join(',')} (missing: ${missing.join(',') || 'none'}; twice: ${doubled.join(',') || 'none'})`,
  );
}

export function demandAll(what: string, actual: Iterable<string>, expected: readonly string[]): void {
  const seen = new Set(actual);
  const missing = expected.filter((item) => !seen.has(item));
  demand(missing.length === 0, () => `${what}: ${missing.join(',')} had no effect`);
}
