import type { ProcessorSupplier } from '../../processor/processor.js';
import type { Topology } from '../../topology/topology.js';
import { GraphNode, type GraphNodeTraits } from './graph-node.js';

/** An operation that becomes one processor. */
export class ProcessorGraphNode extends GraphNode {
  constructor(
    name: string,
    private readonly supplier: ProcessorSupplier<never, never>,
    traits?: GraphNodeTraits,
    /** Names of stores that it uses, beside those that the supplier brings. */
    private readonly stores: readonly string[] = [],
  ) {
    super(name, traits);
  }

  override writeTo(topology: Topology): void {
    topology.addProcessor(this.name, { parents: this.parentNames, supplier: this.supplier, stores: this.stores });
  }
}
