import { TopologyError } from '../../errors/errors.js';
import type { GraphNode } from './graph-node.js';
import { SourceGraphNode } from './source-graph-node.js';

/**
 * Lets streams of the same topics, or of the same pattern, share one source, as Kafka Streams does
 * (InternalStreamsBuilder.mergeDuplicateSourceNodes).
 *
 * @returns the names of sources that went away, with those of the sources in their place
 * @throws TopologyError `OVERLAPPING_SOURCES` if two sources share some topics, not all; `OFFSET_RESET_CONFLICT`
 */
export function mergeDuplicateSources(root: GraphNode): Map<string, string> {
  const readers = new Map<string, SourceGraphNode>();
  const renamed = new Map<string, string>();
  for (const node of root.children) {
    if (!(node instanceof SourceGraphNode)) continue;
    const main = topicKeys(node)
      .map((key) => readers.get(key))
      .find((reader) => reader !== undefined);
    if (main === undefined) {
      for (const key of topicKeys(node)) readers.set(key, node);
      continue;
    }
    if (!readsSame(main, node)) {
      throw new TopologyError(
        'OVERLAPPING_SOURCES',
        `Sources '${main.name}' and '${node.name}' share some topics, not all. Read each topic in one stream() call and ` +
          `merge() the streams, or give both calls the same topics.`,
        { node: node.name },
      );
    }
    main.absorb(node);
    root.removeChild(node);
    renamed.set(node.name, main.name);
  }
  return renamed;
}

function topicKeys(source: SourceGraphNode): readonly string[] {
  const { topics } = source.options;
  // A pattern never looks like a topic name: topic names have no slash.
  return topics instanceof RegExp ? [String(topics)] : topics;
}

function readsSame(a: SourceGraphNode, b: SourceGraphNode): boolean {
  const keys = new Set(topicKeys(a));
  return keys.size === topicKeys(b).length && topicKeys(b).every((key) => keys.has(key));
}
