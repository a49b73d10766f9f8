import type { Container, Newable } from 'inversify';
import { StreamsBuilder } from '../dsl/streams-builder.js';
import { StreamsClient } from '../runtime/streams-client.js';
import { systemClock } from '../time/clock.js';
import type { Topology } from '../topology/topology.js';
import { resolveServiceOptions, type ResolvedServiceOptions } from './resolve-service-options.js';
import { buildContainer, instantiate } from './service-container.js';
import { declareTopology, readService, type ServiceDefinition } from './service-reader.js';
import { SERVICE_CLOCK, SERVICE_LOGGER } from './service-tokens.js';
import type { ServiceLifecycle, ServiceOverrides } from './stream-service-options.js';
import { workerIndex } from './worker-process.js';

interface ServiceHostDeps<T> {
  readonly service: T;
  readonly topology: Topology;
  readonly client: StreamsClient;
  readonly container: Container;
}

/**
 * One decorated service in this process: its instance with everything injected, its topology, and the client that runs
 * it. {@link runService} adds what a process needs around it; use the host alone where you have a main of your own, and
 * in tests.
 *
 * @example
 * ```ts
 * const host = await ServiceHost.create(FlightsEtl, { kafka: new MemoryKafka() });
 * await host.start();
 * // ...
 * await host.stop();
 * ```
 */
export class ServiceHost<T extends object = object> {
  readonly service: T;
  readonly topology: Topology;
  readonly client: StreamsClient;
  private hasStarted = false;
  private stopping: Promise<void> | undefined;

  private constructor(private readonly deps: ServiceHostDeps<T>) {
    this.service = deps.service;
    this.topology = deps.topology;
    this.client = deps.client;
  }

  /**
   * Resolves the options, creates the service and builds its topology. Nothing runs yet.
   *
   * @throws ConfigError if an option is unknown, invalid or missing
   * @throws TopologyError if the class is no service, something it injects is missing, or its topology is wrong
   */
  static async create<T extends object>(
    service: Newable<T>,
    overrides: ServiceOverrides = {},
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<ServiceHost<T>> {
    const definition = readService(service);
    const { className, options: declared } = definition;
    const options = resolveServiceOptions({ className, declared, overrides, env, worker: workerIndex() });
    return ServiceHost.of(service, definition, options);
  }

  /** As {@link create}, from what was read and resolved before. */
  static async of<T extends object>(
    service: Newable<T>,
    definition: ServiceDefinition,
    options: ResolvedServiceOptions,
  ): Promise<ServiceHost<T>> {
    const container = await serviceContainer(options);
    try {
      const instance = await instantiate(container, service);
      const topology = buildTopology(definition, instance, options);
      const client = new StreamsClient(topology, options.streams);
      return new ServiceHost({ service: instance, topology, client, container });
    } catch (error) {
      await container.unbindAllAsync();
      throw error;
    }
  }

  /** Resolves after a clean close of the client; rejects with the error that ended it. */
  get closed(): Promise<void> {
    return this.client.closed;
  }

  /**
   * Calls the service's `onStart`, then starts the client.
   *
   * @throws what `onStart` throws; KafkaError or TopologyError if the client cannot start. Call {@link stop} then, too.
   */
  async start(): Promise<void> {
    this.hasStarted = true;
    await (this.service as ServiceLifecycle).onStart?.(this.client);
    // A stop during onStart has closed the client already.
    if (this.stopping === undefined) await this.client.start();
  }

  /**
   * Closes the client (finishes, commits, leaves the group), then calls the service's `onStop` and the `@preDestroy`
   * methods of what was injected. Idempotent.
   *
   * @throws what the first of these steps that failed threw; the others were taken all the same
   */
  stop(): Promise<void> {
    this.stopping ??= this.stopSteps();
    return this.stopping;
  }

  private async stopSteps(): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (step: () => void | Promise<void>): Promise<void> => {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    };
    await attempt(() => this.client.close());
    if (this.hasStarted) await attempt(() => (this.service as ServiceLifecycle).onStop?.());
    await attempt(() => this.deps.container.unbindAllAsync());
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * The topology of a decorated service, e.g. for `TopologyTestDriver`: the service is created with its providers, but
 * nothing is started, and no Kafka is needed.
 *
 * @throws ConfigError, TopologyError as {@link ServiceHost.create}
 */
export async function serviceTopology(
  service: Newable<object>,
  overrides: Pick<ServiceOverrides, 'providers'> = {},
): Promise<Topology> {
  const definition = readService(service);
  const { className, options: declared } = definition;
  const kafka = { bootstrapServers: 'none' };
  const options = resolveServiceOptions({ className, declared, overrides: { ...overrides, kafka }, env: {} });
  const instance = await instantiate(await serviceContainer(options), service);
  return buildTopology(definition, instance, options);
}

function serviceContainer({ streams, providers }: ResolvedServiceOptions): Promise<Container> {
  return buildContainer([
    { provide: SERVICE_LOGGER, useValue: streams.logger },
    { provide: SERVICE_CLOCK, useValue: streams.clock ?? systemClock },
    ...providers,
  ]);
}

function buildTopology(definition: ServiceDefinition, service: object, { builder }: ResolvedServiceOptions): Topology {
  const streams = new StreamsBuilder(builder);
  declareTopology(definition, service, streams);
  return streams.build();
}
