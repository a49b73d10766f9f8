import type { StoreBuilder } from '../../state/stores/store-builder.js';
import type { Topology } from '../../topology/topology.js';
import { GraphNode } from './graph-node.js';

/** A store that the user adds, for processors to be connected to. */
export class StateStoreGraphNode extends GraphNode {
  constructor(private readonly builder: StoreBuilder) {
    super(builder.name);
  }

  override writeTo(topology: Topology): void {
    topology.addStateStore(this.builder);
  }
}
