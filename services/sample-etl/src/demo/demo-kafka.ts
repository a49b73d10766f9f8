import { randomBytes } from 'node:crypto';
import { kafkaClients, type KafkaClientFactory } from '@millrace/framework';
import { MemoryKafka, startKafkaFixture, stopKafkaFixture } from '@millrace/framework/testing';
import { startKafka } from '@millrace/local-kafka';
import { ServiceInProcess } from './service-in-process.js';
import { ServiceProcesses } from './service-processes.js';
import type { ServiceRunner } from './service-runner.js';

/** The Kafka of a demo run, and how the service is run on it. */
export interface DemoKafka {
  /** For people. */
  readonly description: string;
  readonly clients: KafkaClientFactory;
  /** It was there before, and other things may live on it. */
  readonly isForeign: boolean;
  readonly isInMemory: boolean;
  readonly topicPrefix: string;
  readonly applicationId: string;
  /**
   * @param processes not used in memory, where there is only this process
   * @param stateDir where the service keeps its stores
   */
  startService(processes: number, stateDir: string): Promise<ServiceRunner>;
  stop(): Promise<void>;
}

type Report = (line: string) => void;

const APPLICATION_ID = 'flight-etl';

/**
 * The first that can be had of: the cluster of `KAFKA_BOOTSTRAP_SERVERS`; Apache Kafka started with Java; Apache Kafka in
 * Docker; the in-memory Kafka. A cluster that is named and does not answer is an error, not a reason to take another.
 *
 * @throws KafkaError if the named cluster cannot be used
 */
export async function bringUpKafka(
  report: Report,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<DemoKafka> {
  const existing = environment['KAFKA_BOOTSTRAP_SERVERS'];
  if (existing !== undefined && existing !== '') return foreignKafka(existing);
  const reasons: string[] = [];
  for (const start of [startWithJava, startInDocker]) {
    try {
      return await start(report);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  report('No Kafka can be started here:');
  for (const reason of reasons) for (const line of reason.split('\n')) report(`  ${line}`);
  return memoryKafka();
}

/** The in-memory Kafka: topics, groups and commits as on a broker, but only for this process. */
export function memoryKafka(): DemoKafka {
  const kafka = new MemoryKafka();
  const settings = { topicPrefix: '', applicationId: APPLICATION_ID };
  return {
    ...settings,
    description: 'the in-memory Kafka of this process: it shows the service, but proves nothing about a broker',
    isForeign: false,
    isInMemory: true,
    clients: kafka.clients('demo'),
    startService: (_processes, stateDir) => ServiceInProcess.start(kafka.clients('service'), { ...settings, stateDir }),
    stop: () => Promise.resolve(),
  };
}

/** Names of its own, so that nothing else on the cluster is touched. */
async function foreignKafka(bootstrapServers: string): Promise<DemoKafka> {
  const run = `demo-${randomBytes(3).toString('hex')}`;
  const kafka = realKafka(bootstrapServers, `the cluster of KAFKA_BOOTSTRAP_SERVERS, ${bootstrapServers}`, {
    isForeign: true,
    topicPrefix: `${run}-`,
    applicationId: `${run}-${APPLICATION_ID}`,
    stop: () => Promise.resolve(),
  });
  const admin = kafka.clients.admin();
  await admin.connect();
  await admin.close();
  return kafka;
}

async function startWithJava(report: Report): Promise<DemoKafka> {
  const kafka = await startKafka({ onProgress: report });
  return realKafka(kafka.bootstrapServers, `Apache Kafka ${kafka.version} at ${kafka.bootstrapServers}`, {
    isForeign: false,
    topicPrefix: '',
    applicationId: APPLICATION_ID,
    stop: () => kafka.stop(),
  });
}

async function startInDocker(report: Report): Promise<DemoKafka> {
  const env = { ...process.env, MILLRACE_TEST_KAFKA: 'testcontainers' };
  const { bootstrapServers } = await startKafkaFixture({ env, onProgress: report }).catch((error: unknown) => {
    throw new Error(`Docker does not help either: ${reasonOf(error)}`);
  });
  return realKafka(bootstrapServers, `Apache Kafka in Docker at ${bootstrapServers}`, {
    isForeign: false,
    topicPrefix: '',
    applicationId: APPLICATION_ID,
    stop: stopKafkaFixture,
  });
}

/** The fixture speaks to tests; what it found out about its one way, Docker, is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof AggregateError && cause.errors.length > 0 ? reasonOf(cause.errors[0]) : error.message;
}

function realKafka(
  bootstrapServers: string,
  description: string,
  settings: Pick<DemoKafka, 'isForeign' | 'topicPrefix' | 'applicationId' | 'stop'>,
): DemoKafka {
  return {
    ...settings,
    description,
    isInMemory: false,
    clients: kafkaClients({ bootstrapServers, clientId: 'flights-demo' }),
    startService: (processes, stateDir) => {
      const environment = { KAFKA_BOOTSTRAP_SERVERS: bootstrapServers };
      return Promise.resolve(new ServiceProcesses(processes, { ...settings, stateDir }, environment));
    },
  };
}
