import type { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { Topology } from '../../dist/topology/topology.js';
import { appended, ProbedProcessor, type ProcessorDeps, type TextRecord } from './processors.js';
import type { Random } from './random.js';
import { TextKind } from './store-kinds.js';
import type { TextStore } from './text-store.js';
import { byKey, demandAll, demandSame, note, textSerdes, Workload, type Input, type Output } from './workload.js';

const { input, output } = textSerdes;
/** Largest record that the output topic, or the producer, takes. */
const MAX_BYTES = 400;
const PADDING = `|${'x'.repeat(2 * MAX_BYTES)}`;

/** Numbers the records of each key; some become too large, or go where nobody may write. */
class Numberer extends ProbedProcessor {
  #seen!: TextStore;

  constructor(
    deps: ProcessorDeps,
    private readonly isForbidden: boolean,
  ) {
    super(deps);
  }

  override init(context: ProcessorContext<string, string | null>): void {
    super.init(context);
    this.#seen = this.open('seen');
  }

  override process({ key, value: id, timestamp }: TextRecord): void {
    const list = appended(this.#seen.get(key), id);
    this.#seen.put(key, list, timestamp);
    const numbered = `${id}|${list.split(',').length}`;
    if (!isRefused(id)) this.emit(key, numbered, timestamp, 'out');
    else if (this.isForbidden) this.emit(key, numbered, timestamp, 'forbidden');
    else this.emit(key, numbered + PADDING, timestamp, 'out');
  }
}

function isRefused(id: string | null): boolean {
  return Number(id) % 9 === 4;
}

/** Some output is refused for good: it must be left out, or go to the dead-letter topic, alone and once. */
export class Refused extends Workload {
  readonly topics = ['in', 'out', 'forbidden', 'dead'];
  readonly consumed = ['in'];
  readonly stores = [new TextKind('seen', this.settings, false)];
  override readonly topicConfigs =
    this.settings.refusal === 'too-large' ? { out: { 'max.message.bytes': String(MAX_BYTES) } } : {};
  readonly #written = new Map<string, string[]>();
  readonly #refused = new Map<string, string[]>();
  readonly #counts = new Map<string, number>();

  override prepare(kafka: MemoryKafka): void {
    super.prepare(kafka);
    kafka.deny({ resource: 'topic', name: 'forbidden', operations: ['write'] });
  }

  override get options(): Partial<StreamsOptions> {
    return {
      deadLetterTopic: 'dead',
      productionHandler: () => this.#answer,
      ...(this.settings.refusal === 'too-large-for-client' ? { producer: { maxRequestBytes: MAX_BYTES } } : {}),
    };
  }

  /** What is too large for the producer is so on its way to the dead-letter topic, too. */
  get #answer(): 'continue' | 'dead-letter' {
    return this.settings.refusal === 'too-large-for-client' ? 'continue' : this.settings.refusedAnswer;
  }

  protected override build(deps: ProcessorDeps): Topology {
    const isForbidden = this.settings.refusal === 'forbidden';
    return new Topology()
      .addSource('in', { topics: 'in', ...input })
      .addProcessor('number', { parents: 'in', supplier: () => new Numberer(deps, isForbidden) })
      .addStateStore(new TextKind('seen', this.settings, false).builder, 'number')
      .addSink('out', { parents: 'number', topic: 'out', ...output })
      .addSink('forbidden', { parents: 'number', topic: 'forbidden', ...output });
  }

  override next(id: number, random: Random): Input {
    const { key, partition } = this.key(random);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    note(isRefused(String(id)) ? this.#refused : this.#written, key, `${id}|${count}`);
    return { topic: 'in', partition, key, value: String(id) };
  }

  override check(records: readonly Output[]): void {
    this.#check('output', records, this.#written);
  }

  override checkAlso(kafka: MemoryKafka): void {
    const numbers = Array.from({ length: this.settings.partitions }, (_, partition) => partition);
    const records = numbers.flatMap((partition) => kafka.records('dead', partition));
    const letters = records.map(({ key, value }) => ({
      key: key?.toString() ?? '',
      value: value?.toString().replace(PADDING, '') ?? null,
    }));
    this.#check('dead letters', letters, this.#answer === 'continue' ? new Map() : this.#refused);
  }

  #check(what: string, records: readonly Output[], expected: ReadonlyMap<string, readonly string[]>): void {
    const actual = byKey(records);
    for (const key of new Set([...actual.keys(), ...expected.keys()])) {
      const [has, should] = [actual.get(key) ?? [], expected.get(key) ?? []];
      const idOf = (value: string): string => value.slice(0, value.indexOf('|'));
      if (this.isExact) demandSame(`${what} of ${key}`, has, should);
      else demandAll(`${what} of ${key}`, has.map(idOf), should.map(idOf));
    }
  }
}
