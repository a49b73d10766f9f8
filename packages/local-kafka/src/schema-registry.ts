import { get } from 'node:http';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HOST } from './broker-config.js';
import type { Guard } from './guard.js';
import type { CachedDistribution } from './jar-cache.js';
import type { Java } from './java.js';
import { JavaProcess } from './java-process.js';

export interface SchemaRegistryDeps {
  readonly java: Java;
  readonly registry: CachedDistribution;
  readonly guard: Guard;
  readonly directory: string;
  readonly port: number;
}

/** Apicurio Registry with its storage in memory, serving Confluent's API (version 7). */
export class SchemaRegistry {
  /** Base URL for clients of Confluent's API: append `/subjects` and so on. */
  readonly url: string;
  readonly #process: JavaProcess;

  private constructor(url: string, process: JavaProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Starts it; {@link waitUntilReady} says when it serves. */
  static async launch(deps: SchemaRegistryDeps): Promise<SchemaRegistry> {
    const directory = join(deps.directory, 'schema-registry');
    await mkdir(directory, { recursive: true });
    const runner = deps.registry.jars.find((jar) => jar.endsWith('-runner.jar'));
    if (runner === undefined) throw new Error('the schema registry has no runner jar');
    const process = await JavaProcess.start(
      {
        name: 'Schema registry',
        command: deps.java.command,
        args: ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m', '-jar', runner],
        env: { QUARKUS_HTTP_HOST: HOST, QUARKUS_HTTP_PORT: String(deps.port), QUARKUS_MANAGEMENT_ENABLED: 'false' },
        logFile: join(deps.directory, 'schema-registry.log'),
        workingDirectory: directory,
      },
      deps.guard,
    );
    return new SchemaRegistry(`http://${HOST}:${deps.port}/apis/ccompat/v7`, process);
  }

  get logFile(): string {
    return this.#process.logFile;
  }

  /** Resolves when it answers. @throws LocalKafkaError `START_FAILED`, `START_TIMED_OUT` */
  async waitUntilReady(timeoutMs: number): Promise<void> {
    await this.#process.waitUntilReady(() => answers(`${this.url}/subjects`), timeoutMs);
  }

  async stop(): Promise<void> {
    await this.#process.stop(5000);
  }
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
