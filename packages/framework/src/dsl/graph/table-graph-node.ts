import type { ProcessorSupplier } from '../../processor/processor.js';
import type { Topology } from '../../topology/topology.js';
import type { TableOrigin } from '../table-origin.js';
import { GraphNode } from './graph-node.js';

/** An operation that makes a table: one processor, and a store if the table has one by then. */
export class TableGraphNode extends GraphNode {
  constructor(
    name: string,
    private readonly create: ProcessorSupplier<never, never>,
    private readonly origin: Pick<TableOrigin<never, never>, 'stores'>,
  ) {
    super(name);
  }

  override writeTo(topology: Topology): void {
    const supplier = Object.assign(() => this.create(), { stores: this.origin.stores });
    topology.addProcessor(this.name, { parents: this.parentNames, supplier });
  }
}
