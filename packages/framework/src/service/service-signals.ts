import type { Logger } from '../telemetry/logger.js';

export interface SignalActions {
  /** Called once, for the first signal. */
  stop(): void;
  /** Called for the second signal, before the process exits. */
  kill(): void;
  readonly logger: Logger;
}

const EXIT_CODE_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof EXIT_CODE_OF_SIGNAL;

/**
 * Listens to SIGTERM and SIGINT: the first asks for a clean stop, the second ends the process at once with 128 + the
 * signal's number.
 *
 * @returns removes the listeners
 */
export function onStopSignals({ stop, kill, logger }: SignalActions): () => void {
  let isStopping = false;
  const listener = (signal: StopSignal): void => {
    if (isStopping) {
      logger.warn({ signal }, `Second signal (${signal}): exiting at once. What is not committed is processed again.`);
      kill();
      process.exit(EXIT_CODE_OF_SIGNAL[signal]);
    }
    isStopping = true;
    logger.info(
      { signal },
      `${signal} received: finishing, committing and leaving the group. A second one exits at once.`,
    );
    stop();
  };
  process.on('SIGTERM', listener);
  process.on('SIGINT', listener);
  return () => {
    process.off('SIGTERM', listener);
    process.off('SIGINT', listener);
  };
}

/**
 * The same for a supervised worker. Its supervisor rules: SIGTERM asks for a clean stop and may come more than once (a
 * service manager signals the whole group of processes); SIGINT from a terminal goes to every process and is left to the
 * supervisor; a supervisor that has died asks for a stop, too.
 */
export function onSupervisorSignals({ stop, logger }: Omit<SignalActions, 'kill'>): () => void {
  const onTerminate = (): void => {
    logger.debug({}, 'The supervisor asks this worker to stop');
    stop();
  };
  const onInterrupt = (): void => undefined;
  const onDisconnect = (): void => {
    logger.warn({}, 'The supervisor is gone: finishing, committing and leaving the group');
    stop();
  };
  process.on('SIGTERM', onTerminate);
  process.on('SIGINT', onInterrupt);
  process.on('disconnect', onDisconnect);
  return () => {
    process.off('SIGTERM', onTerminate);
    process.off('SIGINT', onInterrupt);
    process.off('disconnect', onDisconnect);
  };
}
