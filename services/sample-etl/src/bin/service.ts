import { runService } from '@millrace/framework';
import { FLIGHT_TOPICS, FlightEtl } from '../flight-etl.js';
import { flightTopics } from '../topics.js';

const ORPHAN_STOP_TIMEOUT_MS = 5_000;

/**
 * The service as a process. Environment: `KAFKA_BOOTSTRAP_SERVERS`, and the others that the framework reads;
 * `FLIGHTS_TOPIC_PREFIX` is put before the names of all topics.
 */
export async function main(): Promise<void> {
  process.once('disconnect', stopWithoutParent);
  const topics = flightTopics(process.env['FLIGHTS_TOPIC_PREFIX']);
  await runService(FlightEtl, {
    deadLetterTopic: topics.unreadable,
    providers: [{ provide: FLIGHT_TOPICS, useValue: topics }],
  });
}

/**
 * The demo holds a channel to its children: when it is gone, however it went, they stop. It may have taken Kafka along;
 * then a clean stop cannot succeed, and the second signal ends the process.
 */
function stopWithoutParent(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGTERM'), ORPHAN_STOP_TIMEOUT_MS).unref();
}
