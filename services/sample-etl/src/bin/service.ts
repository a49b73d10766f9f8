import { runService } from '@millrace/framework';
import { FLIGHT_TOPICS, FlightEtl } from '../flight-etl.js';
import { flightTopics } from '../topics.js';

/**
 * The service as a process. Environment: `KAFKA_BOOTSTRAP_SERVERS`, and the others that the framework reads;
 * `FLIGHTS_TOPIC_PREFIX` is put before the names of all topics.
 */
export async function main(): Promise<void> {
  // The demo holds a channel to its children: when it is gone, however it went, they stop.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  const topics = flightTopics(process.env['FLIGHTS_TOPIC_PREFIX']);
  await runService(FlightEtl, {
    deadLetterTopic: topics.unreadable,
    providers: [{ provide: FLIGHT_TOPICS, useValue: topics }],
  });
}
