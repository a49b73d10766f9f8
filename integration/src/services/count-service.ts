// Counts records per key in a store and writes each new count, exactly once. Tests kill it at any moment.
import {
  ContextualProcessor,
  serdes,
  Stores,
  StreamsClient,
  Topology,
  type KeyValueStore,
  type ProcessorContext,
  type StreamRecord,
} from '@millrace/framework';
import { setting } from '../setting.js';

const { string, int64 } = serdes;

class Counter extends ContextualProcessor<string, string, string, number> {
  #counts!: KeyValueStore<string, number>;

  override init(context: ProcessorContext<string, number>): void | Promise<void> {
    this.#counts = context.getStateStore('counts');
    return super.init(context);
  }

  override process(record: StreamRecord<string, string>): void | Promise<void> {
    const count = (this.#counts.get(record.key) ?? 0) + 1;
    this.#counts.put(record.key, count);
    return this.context.forward(record.withValue(count));
  }
}

const topology = new Topology()
  .addSource('in', { topics: setting('TEST_INPUT'), keyDeserializer: string, valueDeserializer: string })
  .addProcessor('count', { parents: 'in', supplier: () => new Counter() })
  .addStateStore(Stores.keyValueStore({ name: 'counts', keySerde: string, valueSerde: int64 }), 'count')
  .addSink('out', { parents: 'count', topic: setting('TEST_OUTPUT'), keySerializer: string, valueSerializer: int64 });

const client = new StreamsClient(topology, {
  applicationId: setting('TEST_APPLICATION'),
  kafka: {
    bootstrapServers: setting('KAFKA_BOOTSTRAP_SERVERS'),
    fetcher: setting('KAFKA_FETCHER') === 'addon' ? 'addon' : 'wire',
  },
  processingGuarantee: 'exactly_once_v2',
  stateDir: setting('TEST_STATE_DIR'),
  numStandbyReplicas: Number(process.env['TEST_STANDBYS'] ?? 0),
  replicationFactor: Number(process.env['TEST_REPLICATION'] ?? -1),
});
process.once('SIGTERM', () => void client.close());
await client.start();
await client.closed;
process.stderr.write(`${JSON.stringify({ restored: client.metrics.restore?.restoredRecords })}\n`);
process.exit(0);
