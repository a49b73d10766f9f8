import type { Newable } from 'inversify';
import { EXIT_CODES, exitCodeOf, reportFailure } from './failure-report.js';
import type { ResolvedServiceOptions } from './resolve-service-options.js';
import { ServiceHost } from './service-host.js';
import type { ServiceDefinition } from './service-reader.js';
import { onStopSignals, onSupervisorSignals } from './service-signals.js';

/** What hooks and injected resources may take to stop after the client has, ms. */
export const STOP_MARGIN_MS = 5_000;

/** The runtime's default for `closeTimeoutMs`. */
const CLOSE_TIMEOUT_MS = 30_000;

/** How long a service process may take to stop, ms. */
export function stopTimeoutMs({ streams }: ResolvedServiceOptions): number {
  return (streams.closeTimeoutMs ?? CLOSE_TIMEOUT_MS) + STOP_MARGIN_MS;
}

/**
 * Runs one service in this process until it ends or is told to stop, and finds the exit code:
 *
 *   create -> onStart -> client starts -> (records) -> client closes -> onStop -> resources destroyed -> exit code
 *
 * A failure at any step goes straight to the closing steps.
 */
export class ServiceProcess<T extends object> {
  private host: ServiceHost<T> | undefined;
  private isStopRequested = false;
  private readonly stopped: Promise<void>;
  private settleStop!: (stopping: Promise<void>) => void;

  constructor(
    private readonly service: Newable<T>,
    private readonly definition: ServiceDefinition,
    private readonly options: ResolvedServiceOptions,
    private readonly isWorker: boolean,
  ) {
    this.stopped = new Promise((resolve) => {
      this.settleStop = resolve;
    });
    // Only awaited once the service is created.
    this.stopped.catch(() => undefined);
  }

  /** Resolves with the exit code; never rejects. */
  async run(): Promise<number> {
    const { applicationId, logger } = this.options.streams;
    const actions = { stop: () => this.requestStop(), kill: () => undefined, logger };
    const unlisten = this.isWorker ? onSupervisorSignals(actions) : onStopSignals(actions);
    const exitCode = await this.runToEnd();
    unlisten();
    if (exitCode === EXIT_CODES.ok) logger.info({}, `Service ${applicationId} has stopped cleanly`);
    return exitCode;
  }

  private async runToEnd(): Promise<number> {
    const { applicationId, logger } = this.options.streams;
    let phase = 'cannot start';
    try {
      logger.info({}, `Starting service ${applicationId}`);
      this.host = await ServiceHost.of(this.service, this.definition, this.options);
      if (!this.isStopRequested) {
        const { client } = this.host;
        client.onStateChange((next) => {
          if (next === 'RUNNING') logger.info({}, `Service ${applicationId} is running`);
        });
        const closed = this.host.start().then(() => {
          phase = 'has failed';
          return client.closed;
        });
        // A stop does not wait for an onStart that takes its time.
        await Promise.race([closed, this.stopped]);
      }
      phase = 'did not stop cleanly';
      await this.host.stop();
      return EXIT_CODES.ok;
    } catch (error) {
      reportFailure(logger, `Service ${applicationId} ${phase}`, error);
      await this.cleanUp(error);
      return exitCodeOf(error);
    }
  }

  private requestStop(): void {
    if (this.isStopRequested) return;
    this.isStopRequested = true;
    const timeoutMs = stopTimeoutMs(this.options);
    // Kept until the process exits: a hook that hangs must not keep the process for ever.
    setTimeout(() => {
      this.options.streams.logger.error(
        {},
        `The service did not stop within ${timeoutMs} ms: exiting. What is not committed is processed again.`,
      );
      process.exit(EXIT_CODES.failed);
    }, timeoutMs);
    if (this.host !== undefined) this.settleStop(this.host.stop());
  }

  private async cleanUp(reported: unknown): Promise<void> {
    try {
      await this.host?.stop();
    } catch (error) {
      if (error !== reported)
        reportFailure(this.options.streams.logger, 'Stopping after the failure failed, too', error);
    }
  }
}
