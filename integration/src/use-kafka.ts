import { startKafkaFixture, type KafkaFixture } from '@millrace/framework/testing';

/**
 * Gives the tests of a `describe` the run's one Kafka. Call it in the body of the `describe`, and the function that it
 * returns in tests and hooks. Several suites and files share that Kafka: use `uniqueName` for every topic, group and
 * application id.
 *
 * @example
 * describe('commit', () => {
 *   const kafka = useKafka();
 *   it('should ...', async () => {
 *     await kafka().createTopics({ topic: uniqueName('orders'), partitions: 4 });
 *   });
 * });
 */
export function useKafka(): () => KafkaFixture {
  let fixture: KafkaFixture | undefined;
  before(async function (this: Mocha.Context) {
    // The first start on a machine may fetch the jars or pull the image.
    this.timeout(600_000);
    fixture = await startKafkaFixture({ onProgress: (line) => console.log(`    ${line}`) });
  });
  return () => {
    if (fixture === undefined) throw new Error('useKafka(): the Kafka can be had in tests and hooks only');
    return fixture;
  };
}
