import assert from 'node:assert/strict';
import { waitFor } from '@millrace/framework/testing';
import { useService } from '../src/service-under-test.js';

const PARTITIONS = 4;
const WORKERS = 2;

describe('a service with supervised workers', function () {
  this.timeout(180_000);
  const service = useService('copy-service', PARTITIONS);

  /** Resolves when each worker has its half of the partitions. */
  const isShared = (): Promise<void> =>
    waitFor(
      async () => String(await service().shares()) === String(Array(WORKERS).fill(PARTITIONS / WORKERS)),
      'the workers share the partitions',
    );

  const write = (from: number, to: number): Promise<void> =>
    service().write(Array.from({ length: to - from }, (_, index) => [`k${from + index}`, `v${from + index}`] as const));

  /** Processes that wrote each value, by value. */
  async function outcomes(): Promise<Map<string, number[]>> {
    const pids = new Map<string, number[]>();
    for (const { value } of await service().read()) {
      const [text = '', pid = ''] = (value?.toString() ?? '').split('|');
      pids.set(text, [...(pids.get(text) ?? []), Number(pid)]);
    }
    return pids;
  }

  it('should share the work, replace a killed worker without losing a record, and stop with its supervisor', async () => {
    const supervisor = service().start({ MILLRACE_WORKERS: String(WORKERS) });
    await isShared();
    await write(0, 1000);
    await waitFor(async () => (await outcomes()).size === 1000, 'the first records are written');
    const pids = [...new Set([...(await outcomes()).values()].flat())];
    assert.equal(pids.length, WORKERS);
    assert.ok(!pids.includes(supervisor.pid), 'the supervisor processes nothing itself');

    process.kill(pids[0] ?? 0, 'SIGKILL');
    await write(1000, 2000);
    await waitFor(async () => (await outcomes()).size === 2000, 'all records are written');
    await isShared();

    supervisor.kill('SIGTERM');
    const { code, output: log } = await supervisor.exited;
    assert.equal(code, 0, log);
    assert.match(log, /ended unexpectedly \(signal SIGKILL\): starting it again/);
    const { admin, place } = service();
    const committed = (await admin.groupOffsets(place.application)).reduce((sum, { offset }) => sum + offset, 0);
    assert.equal(committed, 2000);
    const { members } = await admin.describeGroup(place.application);
    assert.deepEqual(members, []);
  });
});
