import { kafkaClients } from '@millrace/framework';
import { withKafka, type BenchmarkKafka } from '../common/benchmark-kafka.js';
import { describeEnvironment } from '../common/environment.js';
import { publish } from '../common/results.js';
import { aggregatePart } from './aggregate-part.js';
import { KafkaStreamsProgram } from '../common/kafka-streams.js';
import { readStateOptions } from './options.js';
import { pausePart } from './pause-part.js';
import { restorePart } from './restore-part.js';
import type { Setting } from './setting.js';
import { storePart } from './store-part.js';

/*
 * Work with state, beside Kafka Streams (one stream thread, RocksDB) on the same broker: a keyed aggregate with its
 * changelog, and restoring. Then the LMDB store alone, and how long running tasks pause while another one restores.
 */

const options = readStateOptions();
await withKafka(state);

async function state(kafka: BenchmarkKafka): Promise<void> {
  const { bootstrapServers } = kafka;
  const clients = kafkaClients({ bootstrapServers });
  const admin = clients.admin();
  const kafkaStreams = await KafkaStreamsProgram.prepare();
  await admin.connect();
  try {
    const setting: Setting = { bootstrapServers, clients, admin, kafkaStreams, options };
    const wants = (part: (typeof options.parts)[number]): boolean => options.parts.includes(part);
    const aggregate = wants('aggregate') ? await aggregatePart(setting) : undefined;
    const restore = wants('restore') ? await restorePart(setting) : undefined;
    const store = wants('store') ? storePart(options.storeKeys) : undefined;
    const pause = wants('pause') ? await pausePart(setting) : undefined;
    publish(
      'state',
      describeEnvironment(kafka.version),
      {
        workload: { ...options, kafkaStreams: kafkaStreams.version },
        ...(aggregate === undefined ? {} : { aggregate: aggregate.summary }),
        ...(restore === undefined ? {} : { restore: restore.summary }),
        ...(store === undefined ? {} : { store }),
        ...(pause === undefined ? {} : { pause }),
      },
      { aggregateRuns: aggregate?.runs ?? [], restoreRuns: restore?.runs ?? [] },
    );
  } finally {
    await admin.close();
  }
}
