import type { Serde } from '../../serde/serde.js';
import type { Topology } from '../../topology/topology.js';
import { GraphNode } from './graph-node.js';

export interface TableRepartitionOptions {
  readonly sinkName: string;
  readonly sourceName: string;
  readonly topic: string;
  readonly keySerde: Serde<unknown>;
  /** Of changes. */
  readonly valueSerde: Serde<unknown>;
}

/** The internal topic through which the changes of a table reach the task of their group. */
export class TableRepartitionGraphNode extends GraphNode {
  constructor(readonly options: TableRepartitionOptions) {
    super(options.sourceName);
  }

  override writeTo(topology: Topology): void {
    const { sinkName, sourceName, topic, keySerde, valueSerde } = this.options;
    topology
      .addRepartitionTopic({ name: topic })
      .addSink(sinkName, { parents: this.parentNames, topic, keySerializer: keySerde, valueSerializer: valueSerde })
      .addSource(sourceName, { topics: topic, keyDeserializer: keySerde, valueDeserializer: valueSerde });
  }
}
