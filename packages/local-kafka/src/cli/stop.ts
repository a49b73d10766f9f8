import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../install-lock.js';
import { readState, removeState, type RunningKafka } from './state-file.js';

const STOP_TIMEOUT_MS = 60_000;

/** Stops the Kafka in the background and waits until it is gone. Nothing to stop is not an error. */
export async function stopBackground(): Promise<number> {
  const running = await readState();
  if (running === undefined) {
    await removeState();
    console.log('No local Kafka runs.');
    return 0;
  }
  process.kill(running.pid, 'SIGTERM');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isAlive(running.pid)) {
    if (Date.now() > deadline) {
      console.error(
        `Process ${running.pid} has not ended in ${STOP_TIMEOUT_MS / 1000} s; logs in ${running.directory}.`,
      );
      return 1;
    }
    await sleep(50);
  }
  console.log('stopped');
  return 0;
}

/** Exit code 0 if a Kafka runs, 1 if none does. */
export async function printStatus(): Promise<number> {
  const running = await readState();
  if (running === undefined) {
    console.log('No local Kafka runs. Start one: millrace-kafka start');
    return 1;
  }
  printRunning(running);
  return 0;
}

export function printRunning(running: RunningKafka): void {
  console.log(`Apache Kafka ${running.version} runs at ${running.bootstrapServers}`);
  if (running.schemaRegistryUrl !== undefined) console.log(`Schema registry at ${running.schemaRegistryUrl}`);
  console.log(`Process ${running.pid}, data and logs in ${running.directory}`);
}
