import { createPinoLogger, ServiceHost, type KafkaClientFactory } from '@millrace/framework';
import { FlightEtl, withTopics } from '../flight-etl.js';
import { flightTopics } from '../topics.js';
import type { ServiceRunner, ServiceSettings } from './service-runner.js';

/** The service inside the demo's own process, for an in-memory Kafka that no other process could reach. */
export class ServiceInProcess implements ServiceRunner {
  readonly description = 'in this process,';
  readonly failed: Promise<never>;
  private isStopping = false;

  private constructor(private readonly host: ServiceHost) {
    this.failed = this.watch();
    this.failed.catch(() => undefined);
  }

  static async start(clients: KafkaClientFactory, settings: ServiceSettings): Promise<ServiceInProcess> {
    const host = await ServiceHost.create(FlightEtl, {
      kafka: clients,
      applicationId: settings.applicationId,
      stateDir: settings.stateDir,
      ...withTopics(flightTopics(settings.topicPrefix)),
      logger: createPinoLogger({ level: 'error' }),
    });
    await host.start();
    return new ServiceInProcess(host);
  }

  stop(): Promise<void> {
    this.isStopping = true;
    return this.host.stop();
  }

  private async watch(): Promise<never> {
    await this.host.closed;
    if (this.isStopping) return new Promise<never>(() => undefined);
    throw new Error('The service stopped by itself.');
  }
}
