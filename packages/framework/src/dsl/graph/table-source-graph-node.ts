import { GlobalTableProcessor, TableSourceProcessor } from '../../operators/table-source.js';
import type { GlobalStoreOptions, SourceOptions, Topology } from '../../topology/topology.js';
import type { Materialization } from '../materialized.js';
import type { SourceOrigin } from '../table-origin.js';
import { GraphNode } from './graph-node.js';

/** A table read from a topic: a source, and the processor that keeps the rows. */
export class TableSourceGraphNode extends GraphNode {
  #reusesTopic = false;

  constructor(
    name: string,
    readonly sourceName: string,
    private readonly source: SourceOptions & { readonly topics: string },
    private readonly origin: Pick<SourceOrigin<never, never>, 'storeName' | 'sendsOldValues' | 'stores'> & {
      readonly materialization: Pick<Materialization<never, never>, 'useSourceAsChangelog'>;
    },
  ) {
    super(name);
  }

  /** Lets the topic take the place of the store's changelog, if there is a store. */
  reuseTopic(): void {
    this.#reusesTopic = true;
    this.origin.materialization.useSourceAsChangelog();
  }

  override writeTo(topology: Topology): void {
    const { origin, source, sourceName } = this;
    const supplier = Object.assign(() => new TableSourceProcessor(origin), { stores: origin.stores });
    topology.addSource(sourceName, source).addProcessor(this.name, { parents: sourceName, supplier });
    const { storeName } = origin;
    if (this.#reusesTopic && storeName !== undefined) topology.useSourceAsChangelog(storeName, source.topics);
  }
}

/** Kafka Streams' optimisation `reuse.ktable.source.topics` (KIP-295). */
export function reuseSourceTopics(root: GraphNode): void {
  for (const node of root.children) if (node instanceof TableSourceGraphNode) node.reuseTopic();
}

/** A table of which every process holds all rows. */
export class GlobalTableGraphNode extends GraphNode {
  constructor(
    name: string,
    private readonly sourceName: string,
    private readonly source: Omit<GlobalStoreOptions, 'sourceName' | 'processorName' | 'supplier'>,
    private readonly materialization: Pick<Materialization<never, never>, 'name' | 'builder'>,
  ) {
    super(name);
  }

  override writeTo(topology: Topology): void {
    const { source, sourceName, materialization } = this;
    topology.addGlobalStore(materialization.builder, {
      ...source,
      sourceName,
      processorName: this.name,
      supplier: () => new GlobalTableProcessor(materialization.name),
    });
  }
}
