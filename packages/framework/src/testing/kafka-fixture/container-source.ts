import { createInterface } from 'node:readline';
import { waitFor } from '../wait-for.js';
import { requireAnswer } from './answering.js';
import type { KafkaSource } from './kafka-source.js';

/** The image if `MILLRACE_KAFKA_IMAGE` does not name another one of the same layout. */
const DEFAULT_IMAGE = 'apache/kafka:4.4.0';
const CLIENT_PORT = 9092;
const INTERNAL_PORT = 9093;
const CONTROLLER_PORT = 9094;
const CONFIG_FILE = '/tmp/millrace-server.properties';
const READY_TO_START = 'waiting for server.properties';
const START_TIMEOUT_MS = 120_000;
const ANSWER_TIMEOUT_MS = 30_000;

/*
 * A broker must be told the address at which clients reach it, and that is known only when the container runs and its
 * port is mapped. So the container waits for its server.properties, then formats the storage and starts the broker.
 */
const START_SCRIPT = [
  `echo '${READY_TO_START}'`,
  `until [ -f ${CONFIG_FILE} ]; do sleep 0.1; done`,
  `/opt/kafka/bin/kafka-storage.sh format --ignore-formatted -t MillraceTestKafka00001A -c ${CONFIG_FILE}`,
  `exec /opt/kafka/bin/kafka-server-start.sh ${CONFIG_FILE}`,
].join('\n');

/** A broker in a container of the official image, by Testcontainers. */
export const containerSource: KafkaSource = async ({ env, onProgress }) => {
  const { GenericContainer, Wait } = await import('testcontainers');
  const image = env['MILLRACE_KAFKA_IMAGE'] ?? DEFAULT_IMAGE;
  onProgress(`starting a container of ${image}`);
  const log: string[] = [];
  const container = await new GenericContainer(image)
    .withExposedPorts(CLIENT_PORT)
    .withEntrypoint(['sh', '-c', START_SCRIPT])
    .withEnvironment({ KAFKA_HEAP_OPTS: '-Xmx768m' })
    .withLogConsumer((stream) => createInterface({ input: stream }).on('line', (line) => log.push(line)))
    .withWaitStrategy(Wait.forLogMessage(READY_TO_START))
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  const stop = async (): Promise<void> => {
    await container.stop({ timeout: 0 });
  };
  try {
    const bootstrapServers = `${container.getHost()}:${container.getMappedPort(CLIENT_PORT)}`;
    await container.copyContentToContainer([{ content: serverProperties(bootstrapServers), target: CONFIG_FILE }]);
    // The mapped port takes connections long before the broker does, so the broker is asked only once it says it runs.
    const isStarted = (): boolean => log.some((line) => line.includes('Kafka Server started'));
    await waitFor(isStarted, 'the broker in the container starts', START_TIMEOUT_MS);
    await requireAnswer(bootstrapServers, ANSWER_TIMEOUT_MS);
    return { bootstrapServers, stop };
  } catch (cause) {
    await stop();
    const end = log.slice(-8).join('\n');
    throw new Error(`the broker in the container of ${image} did not start. Its log ends with:\n${end}`, { cause });
  }
};

/** Test settings: small internal topics, groups that notice a killed member within seconds. */
function serverProperties(bootstrapServers: string): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@localhost:${CONTROLLER_PORT}`,
    `listeners=CLIENTS://:${CLIENT_PORT},INTERNAL://localhost:${INTERNAL_PORT},CONTROLLER://localhost:${CONTROLLER_PORT}`,
    // The broker sends transaction markers to itself, and the mapped port does not exist inside of the container.
    `advertised.listeners=CLIENTS://${bootstrapServers},INTERNAL://localhost:${INTERNAL_PORT}`,
    'listener.security.protocol.map=CLIENTS:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=INTERNAL',
    'log.dirs=/tmp/kraft-combined-logs',
    'auto.create.topics.enable=false',
    'log.retention.ms=-1',
    'log.cleaner.backoff.ms=500',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms=500',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=100',
    'group.consumer.min.session.timeout.ms=100',
    'group.consumer.session.timeout.ms=6000',
    'group.consumer.min.heartbeat.interval.ms=10',
    'group.consumer.heartbeat.interval.ms=500',
    '',
  ].join('\n');
}
