import { TopologyError } from '../../errors/errors.js';
import type { SourceOptions, Topology } from '../../topology/topology.js';
import { javaHashOrder } from '../../topology/java-collections.js';
import { GraphNode } from './graph-node.js';

/** A source of the DSL. Two of the same topics become one (`Two streams of one topic`, KAFKA-7669). */
export class SourceGraphNode extends GraphNode {
  readonly options: SourceOptions & { readonly topics: readonly string[] | RegExp };

  constructor(name: string, options: SourceOptions) {
    super(name);
    const { topics } = options;
    this.options = { ...options, topics: topics instanceof RegExp ? topics : topicSet(topics) };
  }

  /** Takes over the children of another source of the same topics. */
  absorb(other: SourceGraphNode): void {
    const { offsetReset } = this.options;
    if (offsetReset !== other.options.offsetReset) {
      throw new TopologyError(
        'OFFSET_RESET_CONFLICT',
        `Sources '${this.name}' and '${other.name}' read the same topics with different 'offsetReset' ` +
          `(${offsetReset ?? 'not set'}, ${other.options.offsetReset ?? 'not set'}). Give both the same.`,
        { node: other.name },
      );
    }
    for (const child of other.children) {
      other.removeChild(child);
      this.addChild(child);
    }
  }

  override writeTo(topology: Topology): void {
    topology.addSource(this.name, this.options);
  }
}

/** A set, in the order in which Kafka Streams' DSL hands topics on. */
function topicSet(topics: string | readonly string[]): readonly string[] {
  return typeof topics === 'string' ? [topics] : javaHashOrder(topics, topics.length);
}
