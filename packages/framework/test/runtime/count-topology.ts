import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import type { StreamRecord } from '../../dist/processor/record.js';
import type { Serde } from '../../dist/serde/serde.js';
import { serdes } from '../../dist/serde/serdes.js';
import type { EngineKind } from '../../dist/state/engine/engine.js';
import type { KeyValueStore } from '../../dist/state/stores/key-value-store.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { Topology } from '../../dist/topology/topology.js';

const { string, int64 } = serdes;

/** Counts records per key in the store `counts` and forwards each count. */
class Counter extends ContextualProcessor<string, string, string, number> {
  #counts!: KeyValueStore<string, number>;

  override init(context: ProcessorContext<string, number>): void {
    void super.init(context);
    this.#counts = context.getStateStore('counts');
  }

  override process(record: StreamRecord<string, string>): void | Promise<void> {
    const count = (this.#counts.get(record.key) ?? 0) + 1;
    this.#counts.put(record.key, count);
    return this.context.forward(record.withValue(count));
  }
}

/** Topic `in` > count per key in the store `counts` > topic `out`. */
export function countTopology(engine: EngineKind = 'memory', valueSerde: Serde<number> = int64): Topology {
  const store = Stores.keyValueStore({ name: 'counts', keySerde: string, valueSerde, engine });
  return new Topology()
    .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
    .addProcessor('count', { parents: 'in', supplier: () => new Counter() })
    .addStateStore(store, 'count')
    .addSink('out', { parents: 'count', topic: 'out', keySerializer: string, valueSerializer: int64 });
}
