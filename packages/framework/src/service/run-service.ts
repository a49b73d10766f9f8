import type { Newable } from 'inversify';
import { EXIT_CODES, exitCodeOf, messageOf } from './failure-report.js';
import { resolveServiceOptions, type ResolvedServiceOptions } from './resolve-service-options.js';
import { ServiceProcess, STOP_MARGIN_MS, stopTimeoutMs } from './service-process.js';
import { readService, type ServiceDefinition } from './service-reader.js';
import { onStopSignals } from './service-signals.js';
import type { ServiceOverrides } from './stream-service-options.js';
import { workerIndex } from './worker-process.js';
import { WorkerSupervisor } from './worker-supervisor.js';

/**
 * The main of a service: runs the class until it is told to stop, then ends the process. It takes over SIGTERM and
 * SIGINT (the first stops cleanly, the second exits at once). With `workers` above 1 this process supervises that many
 * children instead, which run the same entry file.
 *
 * Exit codes: 0 stopped cleanly; 1 failed at run time; 2 wrong configuration, topology, topics, credentials or
 * permissions; 130 and 143 ended by a second signal. The reason is in the log, on standard error.
 *
 * @param service class with `@StreamService`
 * @param overrides options that win over the decorator's and the environment's
 * @returns never: the process exits
 * @example
 * ```ts
 * await runService(FlightsEtl);
 * ```
 */
export async function runService<T extends object>(
  service: Newable<T>,
  overrides: ServiceOverrides = {},
): Promise<never> {
  process.exit(await runToExitCode(service, overrides));
}

async function runToExitCode<T extends object>(service: Newable<T>, overrides: ServiceOverrides): Promise<number> {
  const worker = workerIndex();
  let definition: ServiceDefinition;
  let options: ResolvedServiceOptions;
  try {
    definition = readService(service);
    const { className, options: declared } = definition;
    options = resolveServiceOptions({ className, declared, overrides, env: process.env, worker });
  } catch (error) {
    // Nobody can say yet how to log: these are the options that say it.
    process.stderr.write(`${service.name} cannot start: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
  if (options.workers > 1 && worker === undefined) return supervise(options);
  return new ServiceProcess(service, definition, options, worker !== undefined).run();
}

async function supervise(options: ResolvedServiceOptions): Promise<number> {
  const { logger } = options.streams;
  const [, entry, ...args] = process.argv;
  if (entry === undefined) {
    logger.error({}, "'workers' needs a program file to fork: start the service with node <file>");
    return EXIT_CODES.misconfigured;
  }
  const supervisor = new WorkerSupervisor({
    workers: options.workers,
    entry,
    args,
    env: process.env,
    restart: options.workerRestart,
    // Longer than a worker gives itself, so that it can say what kept it.
    stopTimeoutMs: stopTimeoutMs(options) + STOP_MARGIN_MS,
    logger,
  });
  const unlisten = onStopSignals({ stop: () => supervisor.stop(), kill: () => supervisor.kill(), logger });
  const exitCode = await supervisor.run();
  unlisten();
  logger.info({ exitCode }, exitCode === 0 ? 'All workers have stopped' : 'The service has failed, see above');
  return exitCode;
}
