import assert from 'node:assert/strict';
import { waitFor } from '@millrace/framework/testing';
import { TESTED_FETCHERS } from '../src/fetchers.js';
import { useService } from '../src/service-under-test.js';

const PARTITIONS = 6;

for (const fetcher of TESTED_FETCHERS)
  describe(`three processes of one service that reads with the ${fetcher} fetcher`, function () {
    this.timeout(180_000);
    const service = useService('copy-service', PARTITIONS, fetcher);

    const sharedBy = (...expected: readonly number[]): Promise<void> =>
      waitFor(
        async () => String(await service().shares()) === String(expected),
        `partitions shared ${expected.join(', ')}`,
      );

    function values(from: number, to: number): (readonly [string, string])[] {
      return Array.from({ length: to - from }, (_, index) => [`k${from + index}`, `v${from + index}`]);
    }

    const write = (from: number, to: number): Promise<void> => service().write(values(from, to));

    /** How often each input value was written out, and by whom. */
    async function outcomes(): Promise<Map<string, string[]>> {
      const byValue = new Map<string, string[]>();
      for (const { value } of await service().read()) {
        const [text = '', pid = ''] = (value?.toString() ?? '').split('|');
        byValue.set(text, [...(byValue.get(text) ?? []), pid]);
      }
      return byValue;
    }

    it('should share all partitions, and lose nothing when one is killed', async () => {
      const services = [service().start(), service().start(), service().start()];
      await sharedBy(2, 2, 2);
      await write(0, 3000);
      await waitFor(() => service().committedAll(), 'the first records are committed');
      const everyone = new Set([...(await outcomes()).values()].flat());
      assert.equal(everyone.size, 3, 'all three processes took part');

      const writing = write(3000, 9000);
      services[0]?.kill('SIGKILL');
      await writing;
      await sharedBy(3, 3);
      await waitFor(() => service().committedAll(), 'everything is committed');

      const seen = await outcomes();
      const missing = values(0, 9000).filter(([, value]) => !seen.has(value));
      assert.deepEqual(missing, []);
      services[1]?.kill('SIGTERM');
      services[2]?.kill('SIGTERM');
      for (const process of services.slice(1)) assert.equal((await process.exited).code, 0, process.output);
    });

    it('should process nothing twice when one is stopped with SIGTERM', async () => {
      const services = [service().start(), service().start(), service().start()];
      await sharedBy(2, 2, 2);
      const writing = write(0, 20_000);
      await waitFor(
        async () => (await service().admin.groupOffsets(service().place.application)).length > 0,
        'the service works',
      );
      services[0]?.kill('SIGTERM');
      const exit = await services[0]?.exited;
      assert.equal(exit?.code, 0, exit?.output);
      await writing;
      await sharedBy(3, 3);
      await waitFor(() => service().committedAll(), 'everything is committed');

      const seen = await outcomes();
      assert.equal(seen.size, 20_000);
      assert.deepEqual(
        [...seen].filter(([, pids]) => pids.length !== 1),
        [],
      );
    });
  });
