import { TopologyError } from '../errors/errors.js';
import type { Serde } from '../serde/serde.js';
import type { GraphBuilder } from './graph/graph-builder.js';
import type { GraphNode } from './graph/graph-node.js';
import { RepartitionGraphNode, type RepartitionSettings } from './graph/repartition-graph-node.js';

/** Serdes of streams that have none of their own. */
export interface DefaultSerdes {
  readonly keySerde?: Serde<unknown> | undefined;
  readonly valueSerde?: Serde<unknown> | undefined;
}

/** What one stream of the DSL knows of itself. */
export interface StreamState<K, V> {
  readonly graph: GraphBuilder;
  readonly defaults: DefaultSerdes;
  /** The operation that the stream comes out of. */
  readonly node: GraphNode;
  readonly keySerde: Serde<K> | undefined;
  readonly valueSerde: Serde<V> | undefined;
  /** The sources that the records come from. */
  readonly sources: ReadonlySet<string>;
  /** The key may have changed since the sources: records of one key may be in several tasks. */
  readonly isRepartitionRequired: boolean;
}

interface Serdes<K, V> {
  readonly keySerde: Serde<K>;
  readonly valueSerde: Serde<V>;
}

type KnownSerdes<K, V> = { readonly [P in keyof Serdes<K, V>]?: Serdes<K, V>[P] | undefined };

/** Where serdes are needed: `what`, e.g. `to('out')`, is for the message. */
interface SerdePlace {
  readonly what: string;
  readonly node: string;
}

/**
 * The serdes to use at one place: those given there, else the stream's own, else the builder's.
 * @throws TopologyError `MISSING_SERDE`
 */
export function resolveSerdes<K, V>(
  place: SerdePlace,
  given: KnownSerdes<K, V>,
  stream: KnownSerdes<K, V>,
  defaults: DefaultSerdes,
): Serdes<K, V> {
  // A default serde is declared for all streams; that it fits this one's types is the user's word.
  const keySerde = given.keySerde ?? stream.keySerde ?? (defaults.keySerde as Serde<K> | undefined);
  const valueSerde = given.valueSerde ?? stream.valueSerde ?? (defaults.valueSerde as Serde<V> | undefined);
  if (keySerde === undefined) throw missingSerde('keySerde', place);
  if (valueSerde === undefined) throw missingSerde('valueSerde', place);
  return { keySerde, valueSerde };
}

function missingSerde(kind: 'keySerde' | 'valueSerde', { what, node }: SerdePlace): TopologyError {
  return new TopologyError(
    'MISSING_SERDE',
    `No ${kind} is known for ${what}. Pass { ${kind} } there, or give the StreamsBuilder a default ${kind}. ` +
      `(A stream keeps its serdes until an operator changes the type of its keys or values.)`,
    { node },
  );
}

/** What a repartition needs beyond what the stream knows. */
export interface RepartitionRequest<K, V> extends Pick<
  RepartitionSettings,
  'topicPrefix' | 'isNamedByUser' | 'isOptimizable' | 'dropsNullKeys' | 'partitions' | 'partitioner'
> {
  /** For messages, e.g. `process('by-user')`. */
  readonly what: string;
  readonly keySerde: Serde<K> | undefined;
  readonly valueSerde: Serde<V> | undefined;
  /** A repartition of the same name made before, to go through in place of another one. */
  readonly reuse?: RepartitionGraphNode | undefined;
}

/** The same stream, behind an internal topic. */
export function repartitioned<K, V>(state: StreamState<K, V>, request: RepartitionRequest<K, V>): StreamState<K, V> {
  const { what, reuse, keySerde: givenKeySerde, valueSerde: givenValueSerde, ...settings } = request;
  const { graph, defaults, node } = state;
  const given = { keySerde: givenKeySerde, valueSerde: givenValueSerde };
  const { keySerde, valueSerde } = resolveSerdes({ what, node: node.name }, given, state, defaults);
  // Made in any case: its names use up numbers.
  const created = RepartitionGraphNode.create(graph.names, { ...settings, keySerde, valueSerde });
  const repartition = reuse ?? created;
  graph.add([node], repartition);
  return {
    ...state,
    node: repartition,
    keySerde,
    valueSerde,
    sources: new Set([repartition.name]),
    isRepartitionRequired: false,
  };
}

/**
 * The same stream with all records of a key in one task: repartitioned if its key may have changed, else as it is, with
 * the demand that all its topics have equal partition counts. Every keyed operator starts with this.
 */
export function partitionedByKey<K, V>(
  state: StreamState<K, V>,
  request: Omit<RepartitionRequest<K, V>, 'isOptimizable' | 'partitions' | 'partitioner'>,
): StreamState<K, V> {
  if (state.isRepartitionRequired) {
    return repartitioned(state, { ...request, isOptimizable: true, partitions: undefined, partitioner: undefined });
  }
  state.graph.copartition(state.sources);
  return state;
}
