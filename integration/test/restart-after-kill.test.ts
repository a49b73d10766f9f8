import assert from 'node:assert/strict';
import { waitFor } from '@millrace/framework/testing';
import { useService } from '../src/service-under-test.js';
import { Load } from '../src/topic-access.js';

const PARTITIONS = 4;
/** MILLRACE_RESTART_KEYS=1000000 is the long form. */
const KEYS = Number(process.env['MILLRACE_RESTART_KEYS'] ?? 20_000);
/** So slow that what has not reached the local files yet, some ten seconds' worth, is a small part of the state. */
const UPDATES_PER_SECOND = KEYS / 800;
const SECONDS_PER_MILLION_KEYS = 600;

describe('restart after kill -9', function () {
  this.timeout((300 + (KEYS / 1_000_000) * SECONDS_PER_MILLION_KEYS) * 1000);
  const service = useService('count-service', PARTITIONS);

  it(`should read less than 5 % of the changelog again with ${KEYS} keys on disk`, async () => {
    const { place } = service();
    const changelog = `${place.application}-counts-changelog`;
    const load = { topic: place.input, partitions: PARTITIONS, keys: KEYS };
    const first = service().start();
    const filling = new Load(place.connection, { ...load, recordsPerSecond: 20_000, records: KEYS });
    await filling.done;
    await waitFor(() => service().committedAll(), 'all keys are counted', 600_000);

    const updating = new Load(place.connection, { ...load, recordsPerSecond: UPDATES_PER_SECOND });
    await waitFor(() => updating.count > UPDATES_PER_SECOND * 15, 'the load has gone on for a while');
    first.kill('SIGKILL');
    await first.exited;
    const logged = await service().sizeOf(changelog);
    const second = service().start();
    await waitFor(() => second.output.includes('Partitions assigned'), 'it has its tasks again', 120_000);
    await updating.stop();
    await waitFor(() => service().committedAll(), 'all updates are counted', 120_000);
    second.kill('SIGTERM');
    const exit = await second.exited;
    assert.equal(exit.code, 0, exit.output);

    const restored = Number(/"restored":(\d+)/.exec(exit.output)?.[1]);
    console.log(`      ${restored} of ${logged} changelog records were read again`);
    assert.ok(restored < logged * 0.05, `${restored} of ${logged} changelog records were read again`);
    const counts = new Map<string, number>();
    await service().each(({ key, value }) => counts.set(key?.toString() ?? '', Number(value?.readBigInt64BE())));
    assert.equal(counts.size, KEYS);
    const wrong = [...counts].filter(([key, count]) => count !== 1 + (updating.sent.get(key) ?? 0));
    assert.deepEqual(wrong.slice(0, 5), []);
  });
});
