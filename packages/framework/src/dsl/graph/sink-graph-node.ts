import type { SinkOptions, Topology } from '../../topology/topology.js';
import { GraphNode } from './graph-node.js';

/** The end of a stream in a topic. */
export class SinkGraphNode extends GraphNode {
  constructor(
    name: string,
    private readonly options: Omit<SinkOptions, 'parents'>,
  ) {
    super(name);
  }

  override writeTo(topology: Topology): void {
    topology.addSink(this.name, { ...this.options, parents: this.parentNames });
  }
}
