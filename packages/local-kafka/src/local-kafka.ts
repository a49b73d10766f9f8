import { ensureClassArchive } from './class-archive.js';
import { startCluster } from './cluster.js';
import { cacheDirectory } from './directories.js';
import { ensureDistribution } from './jar-cache.js';
import { readJarLock } from './jar-lock.js';
import { findJava } from './java.js';
import type { LocalBroker } from './local-broker.js';
import { resolveOptions, type LocalKafkaOptions } from './options.js';
import type { TlsFiles } from './tls-files.js';

/** A running Apache Kafka. */
export interface LocalKafka {
  /** `127.0.0.1:port` of every broker, separated by commas. */
  readonly bootstrapServers: string;
  /** The brokers, to kill and restart; broker 1 first. */
  readonly brokers: readonly LocalBroker[];
  /** Version of Apache Kafka. */
  readonly version: string;
  /** Base URL of the schema registry, if one was asked for. */
  readonly schemaRegistryUrl?: string;
  /** What clients must trust, if TLS was asked for. */
  readonly tls?: Pick<TlsFiles, 'ca' | 'caFile'>;
  /** Folder with data and logs. */
  readonly directory: string;
  /** Log of the first broker; `brokers[i].logFile` has the others'. */
  readonly logFile: string;
  /** Stops everything and deletes the data, unless its folder was named in the options. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a real Apache Kafka on free ports of 127.0.0.1 and resolves when every broker serves. The first start fetches the
 * jars. It ends with this process, also when that is killed.
 *
 * @throws LocalKafkaError with a code and a message that says what is missing or points to the log file
 *
 * @example
 * const kafka = await startKafka({ brokers: 3 });
 * // ... connect to kafka.bootstrapServers
 * await kafka.brokers[1]?.kill();
 * await kafka.brokers[1]?.restart();
 * await kafka.stop();
 */
export async function startKafka(options: LocalKafkaOptions = {}): Promise<LocalKafka> {
  const resolved = resolveOptions(options);
  const { onProgress } = resolved;
  const java = await findJava();
  const lock = await readJarLock();
  const cache = { cacheDirectory: cacheDirectory(), onProgress };
  const kafka = await ensureDistribution('kafka', lock.kafka, cache);
  const registry = resolved.schemaRegistry
    ? await ensureDistribution('schema-registry', lock['schema-registry'], cache)
    : undefined;
  const archiveFlags = await ensureClassArchive(java, kafka, onProgress, async (jvmFlags) => {
    const training = resolveOptions({ startTimeoutMs: resolved.startTimeoutMs });
    const cluster = await startCluster({ java, kafka, registry: undefined, archiveFlags: jvmFlags }, training);
    // In order: the archive is written at the end.
    await cluster.brokers[0]?.stop();
    await cluster.stop();
  });
  return startCluster({ java, kafka, registry, archiveFlags }, resolved);
}

/** The jars of a broker, all checked; fetched if need be. For those who want to build an image of them. */
export async function fetchKafkaJars(
  options: Pick<LocalKafkaOptions, 'onProgress'> = {},
): Promise<{ readonly version: string; readonly jars: readonly string[] }> {
  const onProgress = options.onProgress ?? (() => undefined);
  const { kafka } = await readJarLock();
  const { version, jars } = await ensureDistribution('kafka', kafka, { cacheDirectory: cacheDirectory(), onProgress });
  return { version, jars };
}
