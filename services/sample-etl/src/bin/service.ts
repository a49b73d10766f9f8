import { runService } from '@millrace/framework';
import { FlightEtl, withTopics } from '../flight-etl.js';
import { flightTopics } from '../topics.js';

const ORPHAN_STOP_TIMEOUT_MS = 5_000;

/**
 * The service as a process. Environment: `KAFKA_BOOTSTRAP_SERVERS`, and the others that the framework reads;
 * `FLIGHTS_TOPIC_PREFIX` is put before the names of all topics.
 */
export async function main(): Promise<void> {
  process.once('disconnect', stopWithoutParent);
  await runService(FlightEtl, withTopics(flightTopics(process.env['FLIGHTS_TOPIC_PREFIX'])));
}

/**
 * The demo holds a channel to its children: when it is gone, however it went, they stop. It may have taken Kafka along;
 * then a clean stop cannot succeed, and the second signal ends the process.
 */
function stopWithoutParent(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGTERM'), ORPHAN_STOP_TIMEOUT_MS).unref();
}
