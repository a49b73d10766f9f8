import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOST, type BrokerPorts } from './broker-config.js';
import type { Guard } from './guard.js';
import type { CachedDistribution } from './jar-cache.js';
import type { Java } from './java.js';
import { JavaProcess } from './java-process.js';
import type { ResolvedOptions } from './options.js';
import { requestApiVersions, requestBrokers } from './wire-client.js';

const LOG4J_CONFIG = fileURLToPath(new URL('../config/log4j2.properties', import.meta.url));
const STOP_GRACE_MS = 30_000;
const PROBE_TIMEOUT_MS = 2000;

/** What all brokers of a cluster share. */
export interface BrokerDeps {
  readonly java: Java;
  readonly kafka: CachedDistribution;
  readonly guard: Guard;
  readonly options: ResolvedOptions;
  /** Folder of the cluster. */
  readonly directory: string;
  /** JVM flags for the class data archive, if there is one. */
  readonly archiveFlags: readonly string[];
}

/** One broker (and controller) of a local Kafka. Ports and data stay the same over restarts. */
export class LocalBroker {
  /** 1 for the first. */
  readonly id: number;
  readonly host = HOST;
  /** Port for clients. */
  readonly port: number;
  /** What the broker logged, over all its starts. */
  readonly logFile: string;
  readonly #ports: BrokerPorts;
  readonly #deps: BrokerDeps;
  #process: JavaProcess | undefined;

  constructor(id: number, ports: BrokerPorts, deps: BrokerDeps) {
    this.id = id;
    this.port = ports.client;
    this.logFile = join(deps.directory, `broker-${id}.log`);
    this.#ports = ports;
    this.#deps = deps;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.isRunning ? this.#process?.pid : undefined;
  }

  /** Port of the listener that needs no security settings. */
  get plainPort(): number {
    return this.#ports.internal ?? this.#ports.client;
  }

  /** Kills the broker as a crash would (SIGKILL) and resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** Stops the broker in order: it hands its partitions over first. */
  async stop(): Promise<void> {
    await this.#process?.stop(STOP_GRACE_MS);
  }

  /**
   * Starts the broker again on the same port and data, after stopping it if it runs; resolves when it serves again.
   *
   * @throws LocalKafkaError `START_FAILED`, `START_TIMED_OUT`
   */
  async restart(): Promise<void> {
    await this.stop();
    await this.launch();
    await this.waitUntilAlive([this.id]);
  }

  /** Starts the process. Ready is something else: {@link waitUntilAlive}. */
  async launch(): Promise<void> {
    const { java, kafka, options, directory, archiveFlags } = this.#deps;
    const compiler =
      options.tuning === 'fast-start' ? ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'] : ['-XX:+UseG1GC'];
    const args = [
      ...compiler,
      ...archiveFlags,
      `-Xmx${options.heapMb}m`,
      '-XX:+ExitOnOutOfMemoryError',
      '-Djava.awt.headless=true',
      `-Dlog4j2.configurationFile=${LOG4J_CONFIG}`,
      '-cp',
      kafka.jars.join(delimiter),
      'kafka.Kafka',
      join(directory, `broker-${this.id}.properties`),
    ];
    const command = { name: `Kafka broker ${this.id}`, command: java.command, args };
    this.#process = await JavaProcess.start(
      { ...command, logFile: this.logFile, workingDirectory: directory },
      this.#deps.guard,
    );
  }

  /** Resolves when this broker answers and knows these brokers to be alive. */
  async waitUntilAlive(brokerIds: readonly number[]): Promise<void> {
    await this.#process?.waitUntilReady(async () => {
      try {
        await requestApiVersions(this.host, this.plainPort, PROBE_TIMEOUT_MS);
        const alive = await requestBrokers(this.host, this.plainPort, PROBE_TIMEOUT_MS);
        return brokerIds.every((id) => alive.some((broker) => broker.id === id));
      } catch {
        return false;
      }
    }, this.#deps.options.startTimeoutMs);
  }
}
