import type { Logger } from '../../telemetry/logger.js';

/**
 * Native calls of this process that were given up and have not come back. Each occupies a thread of the pool, for which
 * Node.js would wait at the end of the process, for ever: so the process ends itself by SIGKILL then (exit code 137).
 */
class StuckCalls {
  #count = 0;
  #isWatching = false;

  /** @returns to be called once, if the call does come back */
  add(name: string, logger: Logger | undefined): () => void {
    this.#count++;
    logger?.warn({ call: name }, `The Kafka client does not come back from a call (${name}); it is given up.`);
    if (!this.#isWatching) {
      this.#isWatching = true;
      process.on('exit', () => {
        if (this.#count > 0) process.kill(process.pid, 'SIGKILL');
      });
    }
    return () => {
      this.#count--;
    };
  }
}

export const stuckCalls = new StuckCalls();
