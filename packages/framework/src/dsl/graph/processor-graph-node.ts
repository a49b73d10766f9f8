import type { ProcessorSupplier } from '../../processor/processor.js';
import type { Topology } from '../../topology/topology.js';
import { GraphNode, type GraphNodeTraits } from './graph-node.js';

/** An operation that becomes one processor. */
export class ProcessorGraphNode extends GraphNode {
  constructor(
    name: string,
    private readonly supplier: ProcessorSupplier<never, never>,
    traits?: GraphNodeTraits,
  ) {
    super(name, traits);
  }

  override writeTo(topology: Topology): void {
    topology.addProcessor(this.name, { parents: this.parentNames, supplier: this.supplier });
  }
}
