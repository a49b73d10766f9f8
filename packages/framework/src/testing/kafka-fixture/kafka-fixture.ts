import type { KafkaConnectionOptions } from '../../client/options.js';
import type { NewTopic } from '../../client/port.js';
import { ConfigError } from '../../errors/errors.js';
import { StreamsError } from '../../errors/streams-error.js';
import { openClients } from './answering.js';
import { containerSource } from './container-source.js';
import { envSource } from './env-source.js';
import type { KafkaSource, KafkaSourceName, ProvidedKafka } from './kafka-source.js';
import { localSource } from './local-source.js';

/** The Kafka that all tests of a run share. */
export interface KafkaFixture {
  /** Where it came from. */
  readonly source: KafkaSourceName;
  readonly bootstrapServers: string;
  /** To be handed to clients and services. */
  readonly connection: KafkaConnectionOptions;
  /** Creates topics and resolves when they can be used. @throws KafkaError `TOPIC_EXISTS`, ... */
  createTopics(...topics: readonly NewTopic[]): Promise<void>;
}

export interface KafkaFixtureOptions {
  /** Told what is going on, line by line. @default nobody */
  readonly onProgress?: (line: string) => void;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

const SOURCES: Readonly<Record<KafkaSourceName, KafkaSource>> = {
  env: envSource,
  testcontainers: containerSource,
  local: localSource,
};
const FORCE_VARIABLE = 'MILLRACE_TEST_KAFKA';
/** How the first process of a run tells the others: `<source> <bootstrap servers>`. */
const SHARED_VARIABLE = 'MILLRACE_TEST_KAFKA_SHARED';
const REQUEST_TIMEOUT_MS = 30_000;

interface RunningFixture {
  readonly fixture: KafkaFixture;
  readonly stop: () => Promise<void>;
}

let current: Promise<RunningFixture> | undefined;

/**
 * The Kafka of this test run: the first call starts it, later calls, also in child processes, get the same one. It comes
 * from the first that works of `KAFKA_BOOTSTRAP_SERVERS` (one that runs already), Testcontainers (`MILLRACE_KAFKA_IMAGE`,
 * by default the official `apache/kafka`) and `@millrace/local-kafka`. `MILLRACE_TEST_KAFKA=env|testcontainers|local` allows
 * only that one.
 *
 * It ends with {@link stopKafkaFixture}, or with the process.
 *
 * @throws StreamsError `NO_KAFKA`, which says of each way why it did not work. Tests do not skip.
 *
 * @example
 * const kafka = await startKafkaFixture();
 * const topic = uniqueName('orders');
 * await kafka.createTopics({ topic, partitions: 4 });
 */
export async function startKafkaFixture(options: KafkaFixtureOptions = {}): Promise<KafkaFixture> {
  current ??= start(options.env ?? process.env, options.onProgress ?? (() => undefined));
  try {
    return (await current).fixture;
  } catch (error) {
    current = undefined;
    throw error;
  }
}

/** Ends the Kafka of this run, if this process started it. For the global teardown, not for a suite. */
export async function stopKafkaFixture(): Promise<void> {
  const running = current;
  current = undefined;
  if (running !== undefined) await (await running).stop();
}

async function start(env: NodeJS.ProcessEnv, onProgress: (line: string) => void): Promise<RunningFixture> {
  const shared = /^(env|testcontainers|local) (\S+)$/.exec(env[SHARED_VARIABLE] ?? '');
  if (shared !== null) {
    return { fixture: fixtureOf(shared[1] as KafkaSourceName, shared[2] ?? ''), stop: () => Promise.resolve() };
  }
  const [source, provided] = await firstThatWorks(env, onProgress);
  onProgress(`Kafka for the tests: ${provided.bootstrapServers} (${source})`);
  env[SHARED_VARIABLE] = `${source} ${provided.bootstrapServers}`;
  const stop = async (): Promise<void> => {
    process.off('beforeExit', stopAtExit);
    delete env[SHARED_VARIABLE];
    await provided.stop();
  };
  // Where no teardown calls stopKafkaFixture: nothing is left to do, so the Kafka may go.
  const stopAtExit = (): void => void stop();
  process.once('beforeExit', stopAtExit);
  return { fixture: fixtureOf(source, provided.bootstrapServers), stop };
}

async function firstThatWorks(
  env: NodeJS.ProcessEnv,
  onProgress: (line: string) => void,
): Promise<[KafkaSourceName, ProvidedKafka]> {
  const failures: string[] = [];
  const errors: unknown[] = [];
  for (const name of allowedSources(env)) {
    try {
      return [name, await SOURCES[name]({ env, onProgress })];
    } catch (error) {
      failures.push(`  ${name}: ${error instanceof Error ? error.message : String(error)}`);
      errors.push(error);
    }
  }
  throw new StreamsError(
    'NO_KAFKA',
    `These tests need a real Kafka, and none could be had:\n${failures.join('\n')}\n` +
      'Start one and set KAFKA_BOOTSTRAP_SERVERS, or start Docker, or install Java 17 and Maven.',
    { cause: new AggregateError(errors) },
  );
}

function allowedSources(env: NodeJS.ProcessEnv): readonly KafkaSourceName[] {
  const names = Object.keys(SOURCES) as KafkaSourceName[];
  const forced = env[FORCE_VARIABLE];
  if (forced === undefined || forced === '') return names;
  const known = names.filter((name) => name === forced);
  if (known.length > 0) return known;
  throw new ConfigError('INVALID_OPTION', `${FORCE_VARIABLE} is ${forced} and must be one of ${names.join(', ')}.`);
}

function fixtureOf(source: KafkaSourceName, bootstrapServers: string): KafkaFixture {
  return {
    source,
    bootstrapServers,
    connection: { bootstrapServers },
    createTopics: async (...topics) => {
      const admin = (await openClients(bootstrapServers, REQUEST_TIMEOUT_MS)).admin();
      try {
        await admin.connect();
        for (const topic of topics) await admin.createTopic(topic);
      } finally {
        await admin.close();
      }
    },
  };
}
