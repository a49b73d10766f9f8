import { ProcessorGraphNode } from '../../dist/dsl/graph/processor-graph-node.js';
import { partitionedByKey } from '../../dist/dsl/stream-state.js';
import type { KStream } from '../../dist/index.js';

/** Names and nodes of Kafka Streams' `toTable()`, by what every keyed operator starts with. */
export function toTable(stream: KStream<string, string>, name?: string): void {
  const { graph } = stream.state;
  const nodeName = graph.names.nameOr(name, 'KSTREAM-TOTABLE-');
  graph.names.next('KSTREAM-TOTABLE-STATE-STORE-');
  const state = partitionedByKey(stream.state, {
    what: 'toTable()',
    topicPrefix: nodeName,
    isNamedByUser: name !== undefined,
    keySerde: undefined,
    valueSerde: undefined,
  });
  graph.add([state.node], new ProcessorGraphNode(nodeName, () => ({ process: () => undefined })));
}
