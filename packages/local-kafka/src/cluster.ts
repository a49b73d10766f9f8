import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { aclBindings } from './acls.js';
import { brokerProperties, formatProperties, HOST, type BrokerPorts } from './broker-config.js';
import { requireFreeSpace } from './directories.js';
import { findFreePorts, isFree } from './free-ports.js';
import { Guard } from './guard.js';
import type { CachedDistribution } from './jar-cache.js';
import type { Java } from './java.js';
import { LocalBroker } from './local-broker.js';
import { LocalKafkaError } from './local-kafka-error.js';
import type { LocalKafka } from './local-kafka.js';
import type { ResolvedOptions } from './options.js';
import { SchemaRegistry } from './schema-registry.js';
import { formatStorage, formattedTemplate, newKafkaUuid, readClusterId } from './storage.js';
import { createTlsFiles, type TlsFiles } from './tls-files.js';
import { requestCreateAcls } from './wire-client.js';

/** What a cluster is made of. */
export interface ClusterParts {
  readonly java: Java;
  readonly kafka: CachedDistribution;
  readonly registry: CachedDistribution | undefined;
  /** JVM flags about the class data archive. */
  readonly archiveFlags: readonly string[];
}

/** A broker needs little; its first topics bring index files of some 20 MB. */
const DATA_SPACE_MB = 256;
const PORT_ATTEMPTS = 3;

/** Starts all brokers at once and waits for them. Free ports that were taken meanwhile are replaced by others. */
export async function startCluster(parts: ClusterParts, options: ResolvedOptions): Promise<LocalKafka> {
  const directory = resolve(options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'millrace-kafka-'))));
  await mkdir(directory, { recursive: true });
  await requireFreeSpace(directory, DATA_SPACE_MB * options.brokers, 'The data of the local Kafka');
  for (let attempt = 1; ; attempt++) {
    const cluster = new Cluster(parts, options, directory);
    try {
      await cluster.start();
      return cluster.handle();
    } catch (error) {
      const isPortTaken = await cluster.failedOnTakenPort();
      await cluster.discard();
      if (!isPortTaken || attempt === PORT_ATTEMPTS || options.port !== undefined) throw error;
    }
  }
}

class Cluster {
  readonly #parts: ClusterParts;
  readonly #options: ResolvedOptions;
  readonly #directory: string;
  readonly #guard = new Guard();
  readonly #brokers: LocalBroker[] = [];
  #registry: SchemaRegistry | undefined;
  #tls: TlsFiles | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: ClusterParts, options: ResolvedOptions, directory: string) {
    this.#parts = parts;
    this.#options = options;
    this.#directory = directory;
    if (this.#isTemporary) this.#guard.removeAtEnd(directory);
  }

  get #isTemporary(): boolean {
    return this.#options.dataDirectory === undefined;
  }

  async start(): Promise<void> {
    const { java, kafka, archiveFlags } = this.#parts;
    const options = this.#options;
    const ports = await this.#choosePorts();
    if (options.security?.tls === true) this.#tls = await createTlsFiles(java, join(this.#directory, 'tls'));
    await this.#prepareStorage(ports);
    const deps = { java, kafka, guard: this.#guard, options, directory: this.#directory, archiveFlags };
    this.#brokers.push(...ports.map((own, index) => new LocalBroker(index + 1, own, deps)));
    options.onProgress(
      `starting Apache Kafka ${kafka.version} (${this.#bootstrapServers()}), logs in ${this.#directory}`,
    );
    await Promise.all(this.#brokers.map((broker) => broker.launch()));
    await this.#launchRegistry();
    const ids = this.#brokers.map((broker) => broker.id);
    await Promise.all(this.#brokers.map((broker) => broker.waitUntilAlive(ids)));
    await this.#createAcls();
    await this.#registry?.waitUntilReady(options.startTimeoutMs);
  }

  handle(): LocalKafka {
    return {
      bootstrapServers: this.#bootstrapServers(),
      brokers: this.#brokers,
      version: this.#parts.kafka.version,
      ...(this.#registry === undefined ? {} : { schemaRegistryUrl: this.#registry.url }),
      ...(this.#tls === undefined ? {} : { tls: { ca: this.#tls.ca, caFile: this.#tls.caFile } }),
      directory: this.#directory,
      logFile: join(this.#directory, 'broker-1.log'),
      stop: () => (this.#stopping ??= this.#stop()),
    };
  }

  /** True if a broker ended because somebody else listens on its port. */
  async failedOnTakenPort(): Promise<boolean> {
    const logs = await Promise.all(this.#brokers.map((broker) => readFile(broker.logFile, 'utf8').catch(() => '')));
    return logs.some((log) => /Address already in use|BindException/.test(log));
  }

  /** After a failed start: ends what runs and deletes all but the logs, at which the error points. */
  async discard(): Promise<void> {
    this.#guard.keepFolder();
    await Promise.all([...this.#brokers.map((broker) => broker.kill()), this.#registry?.stop()]);
    await this.#guard.close();
    if (!this.#isTemporary) return;
    const entries = await readdir(this.#directory, { withFileTypes: true });
    const hasLogs = entries.some((entry) => entry.name.endsWith('.log'));
    const useless = hasLogs ? entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name) : ['.'];
    for (const name of useless) await rm(join(this.#directory, name), { recursive: true, force: true });
  }

  async #stop(): Promise<void> {
    // In order only where data is kept: the last brokers of a quorum that is going away wait long for the others.
    const end = (broker: LocalBroker): Promise<void> => (this.#isTemporary ? broker.kill() : broker.stop());
    await Promise.all([...this.#brokers.map(end), this.#registry?.stop()]);
    await this.#guard.close();
  }

  #bootstrapServers(): string {
    return this.#brokers.map((broker) => `${HOST}:${broker.port}`).join(',');
  }

  async #choosePorts(): Promise<BrokerPorts[]> {
    const { brokers, port: firstPort, security } = this.#options;
    const free = await findFreePorts(3 * brokers);
    const choose = async (index: number): Promise<BrokerPorts> => {
      const [client = 0, controller = 0, internal = 0] = free.slice(3 * index);
      if (firstPort !== undefined && !(await isFree(firstPort + index))) {
        throw new LocalKafkaError(
          'PORT_IN_USE',
          `Port ${firstPort + index} of ${HOST} is in use by another program. Stop it, or choose another port.`,
        );
      }
      return {
        client: firstPort === undefined ? client : firstPort + index,
        controller,
        internal: security === undefined ? undefined : internal,
      };
    };
    return Promise.all(Array.from({ length: brokers }, (_, index) => choose(index)));
  }

  async #prepareStorage(ports: readonly BrokerPorts[]): Promise<void> {
    const { java, kafka } = this.#parts;
    const options = this.#options;
    const template = await formattedTemplate(java, kafka, options.security, this.#directory);
    const clusterId = (await readClusterId(join(this.#directory, 'broker-1'))) ?? newKafkaUuid();
    for (let id = 1; id <= options.brokers; id++) {
      const dataDirectory = join(this.#directory, `broker-${id}`);
      const properties = brokerProperties({ id, ports, dataDirectory, options, tls: this.#tls });
      await formatStorage(template, dataDirectory, id, clusterId);
      await writeFile(join(this.#directory, `broker-${id}.properties`), formatProperties(properties));
    }
  }

  async #launchRegistry(): Promise<void> {
    const { java, registry } = this.#parts;
    if (registry === undefined) return;
    const [port = 0] = await findFreePorts(1);
    this.#registry = await SchemaRegistry.launch({
      java,
      registry,
      guard: this.#guard,
      directory: this.#directory,
      port,
    });
  }

  async #createAcls(): Promise<void> {
    const bindings = aclBindings(this.#options.security?.users ?? []);
    const [first] = this.#brokers;
    if (first === undefined || bindings.length === 0 || this.#options.security?.authorizer !== true) return;
    await requestCreateAcls(first.host, first.plainPort, bindings, 10_000);
  }
}
