import { startKafka } from '@millrace/local-kafka';

export interface BenchmarkKafka {
  readonly bootstrapServers: string;
  /** Version of Apache Kafka, or `unknown` for a cluster that was there already. */
  readonly version: string;
}

/** Runs the benchmark on the cluster of `KAFKA_BOOTSTRAP_SERVERS`, or on a broker started for it and stopped after it. */
export async function withKafka(run: (kafka: BenchmarkKafka) => Promise<void>): Promise<void> {
  const existing = process.env['KAFKA_BOOTSTRAP_SERVERS'];
  if (existing !== undefined && existing !== '') {
    await run({ bootstrapServers: existing, version: 'unknown' });
    return;
  }
  console.log('Starting Apache Kafka ...');
  const kafka = await startKafka({ tuning: 'throughput', heapMb: 1024 });
  try {
    await run({ bootstrapServers: kafka.bootstrapServers, version: kafka.version });
  } finally {
    await kafka.stop();
  }
}
