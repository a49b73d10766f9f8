import { IllegalStateError, TopologyError } from '../errors/errors.js';
import { BranchProcessor, type BranchTarget } from '../operators/branch.js';
import type { Predicate, ValueGuard } from '../operators/functions.js';
import { PassThroughProcessor } from '../operators/pass-through.js';
import { checkName } from '../topology/node-names.js';
import { ProcessorGraphNode } from './graph/processor-graph-node.js';
import type { KStream } from './k-stream.js';
import type { StreamState } from './stream-state.js';

/** Options of one branch. */
export interface Branched<Name extends string = string> {
  /**
   * Key of the branch in the result, and suffix of its node's name.
   * @default the branch's number, counted from 1; `0` for the default branch
   */
  readonly name?: Name;
}

/** Options of a branch that is worked on at once. */
export interface BranchedInto<Name extends string, K, V, Out> extends Branched<Name> {
  /** Gets the branch. A stream that it returns takes the branch's place in the result; else the branch is not in it. */
  readonly into: (branch: KStream<K, V>) => Out;
}

/** What the overloads have in common. */
interface AnyBranch<K, V> {
  readonly name?: string;
  readonly into?: ((branch: KStream<K, V>) => unknown) | undefined;
}

type Streams = Readonly<Record<string, unknown>>;
type With<Known extends Streams, Name extends string, Stream> = Known & Readonly<Record<Name, Stream>>;

/** The streams of a split by the names of their branches; unnamed branches by their numbers. */
export type Branches<Known extends Streams, K, V> = Known & Readonly<Record<`${number}`, KStream<K, V>>>;

/**
 * A stream while it is being split. Ends with {@link defaultBranch} or {@link noDefaultBranch}.
 *
 * @example
 * const { late, rest } = flights
 *   .split({ name: 'by-delay-' })
 *   .branch((flight) => flight.delay > 15, { name: 'late' })
 *   .defaultBranch({ name: 'rest' });
 */
export class BranchedKStream<K, V, Known extends Streams = Readonly<Record<never, never>>> {
  readonly #source: StreamState<K, V>;
  readonly #createStream: (state: StreamState<K, V>) => KStream<K, V>;
  readonly #splitter: ProcessorGraphNode;
  readonly #targets: BranchTarget<K, V>[] = [];
  readonly #streams: Record<string, unknown> = {};
  readonly #names = new Set<string>();
  #defaultChild: string | undefined;
  #isComplete = false;

  /** Made by `KStream.split()`. @internal */
  constructor(
    source: StreamState<K, V>,
    splitterName: string,
    createStream: (state: StreamState<K, V>) => KStream<K, V>,
  ) {
    this.#source = source;
    this.#createStream = createStream;
    this.#splitter = new ProcessorGraphNode(
      splitterName,
      () => new BranchProcessor<K, V>([...this.#targets], this.#defaultChild),
    );
    source.graph.add([source.node], this.#splitter);
  }

  /** Adds a branch for the records that fit no branch before it and for which the predicate is true. */
  branch<Name extends string, VOut extends V>(
    predicate: ValueGuard<K, V, VOut>,
    options: Branched<Name> & { readonly into?: undefined },
  ): BranchedKStream<K, V, With<Known, Name, KStream<K, VOut>>>;
  branch<Name extends string>(
    predicate: Predicate<K, V>,
    options: Branched<Name> & { readonly into?: undefined },
  ): BranchedKStream<K, V, With<Known, Name, KStream<K, V>>>;
  branch<Name extends string, KOut, VOut>(
    predicate: Predicate<K, V>,
    options: BranchedInto<Name, K, V, KStream<KOut, VOut>>,
  ): BranchedKStream<K, V, With<Known, Name, KStream<KOut, VOut>>>;
  branch(
    predicate: Predicate<K, V>,
    options?: BranchedInto<string, K, V, void> | { readonly into?: undefined },
  ): BranchedKStream<K, V, Known>;
  branch(predicate: Predicate<K, V>, options: AnyBranch<K, V> = {}): unknown {
    const name = options.name ?? String(this.#targets.length + 1);
    const childName = this.#addBranch(name, options.into);
    this.#targets.push({ predicate, childName });
    return this;
  }

  /** Adds a branch for the records that fit no other, and ends the split. */
  defaultBranch<Name extends string>(
    options: Branched<Name> & { readonly into?: undefined },
  ): Branches<With<Known, Name, KStream<K, V>>, K, V>;
  defaultBranch<Name extends string, KOut, VOut>(
    options: BranchedInto<Name, K, V, KStream<KOut, VOut>>,
  ): Branches<With<Known, Name, KStream<KOut, VOut>>, K, V>;
  defaultBranch(options?: BranchedInto<string, K, V, void> | { readonly into?: undefined }): Branches<Known, K, V>;
  defaultBranch(options: AnyBranch<K, V> = {}): unknown {
    this.#defaultChild = this.#addBranch(options.name ?? '0', options.into);
    return this.noDefaultBranch();
  }

  /** Ends the split; records that fit no branch are dropped. */
  noDefaultBranch(): Branches<Known, K, V> {
    this.#isComplete = true;
    return this.#streams as Branches<Known, K, V>;
  }

  #addBranch(name: string, into: AnyBranch<K, V>['into']): string {
    const { name: splitterName } = this.#splitter;
    if (this.#isComplete) {
      throw new IllegalStateError(`Split '${splitterName}' is complete; branch '${name}' cannot be added.`, {
        node: splitterName,
      });
    }
    if (this.#names.has(name)) {
      throw new TopologyError('DUPLICATE_BRANCH', `Split '${splitterName}' has two branches named '${name}'.`, {
        node: splitterName,
      });
    }
    const childName = splitterName + name;
    checkName(childName, 'branch');
    this.#names.add(name);
    const { graph } = this.#source;
    // Kafka Streams uses up a number for each branch, though the name does not contain it.
    graph.names.next(childName);
    const node = new ProcessorGraphNode(childName, () => new PassThroughProcessor());
    graph.add([this.#splitter], node);
    const stream = this.#createStream({ ...this.#source, node });
    const result = into === undefined ? stream : into(stream);
    if (result !== undefined) this.#streams[name] = result;
    return childName;
  }
}
