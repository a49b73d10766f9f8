import assert from 'node:assert/strict';
import { join } from 'node:path';
import { waitFor } from '@millrace/framework/testing';
import type { ServiceProcess } from '../src/service-process.js';
import { useService } from '../src/service-under-test.js';

const PARTITIONS = 4;
const KEYS = 20_000;

/** What the test reads of a record in the topic of instances. */
interface Published {
  readonly tasks: readonly { readonly id: string; readonly phase: string }[];
  readonly standbys: readonly { readonly id: string; readonly lag: number | null }[];
}

describe('standby takes over', function () {
  this.timeout(240_000);
  const service = useService('count-service', PARTITIONS);

  const start = (name: string): ServiceProcess =>
    service().start({ TEST_STATE_DIR: join(service().place.stateDir, name), TEST_STANDBYS: '1' });

  const write = (from: number, to: number): Promise<void> =>
    service().write(Array.from({ length: to - from }, (_, i) => [`k${from + i}`, 'x'] as const));

  /** What each living instance has told last. */
  async function instances(): Promise<Published[]> {
    const last = new Map<string, Published | undefined>();
    for (const { key, value } of await service().read(`${service().place.application}-instances`)) {
      const text = value?.toString();
      last.set(key?.toString() ?? '', text === undefined ? undefined : (JSON.parse(text) as Published));
    }
    last.delete('topology');
    return [...last.values()].flatMap((published) => published ?? []);
  }

  it('should restore less than 5 % of the changelog when the active process is killed', async () => {
    const [first, second] = [start('first'), start('second')];
    await waitFor(async () => {
      const seen = await instances();
      return seen.length === 2 && seen.every(({ tasks }) => tasks.length === PARTITIONS / 2);
    }, 'both processes have tasks');
    await write(0, KEYS);
    await waitFor(async () => (await service().read()).length === KEYS, 'all keys are counted');
    await waitFor(
      async () =>
        (await instances()).every(
          ({ standbys }) =>
            standbys.length === PARTITIONS / 2 && standbys.every(({ lag }) => lag !== null && lag <= 10),
        ),
      'the standbys have caught up',
    );

    first.kill('SIGKILL');
    await write(0, PARTITIONS);
    const done = KEYS + PARTITIONS;
    await waitFor(async () => (await service().read()).length === done, 'taken over', 120_000);
    const counts = new Map<string, bigint>();
    for (const { key, value } of await service().read()) {
      counts.set(key?.toString() ?? '', value?.readBigInt64BE() ?? 0n);
    }
    for (let i = 0; i < PARTITIONS; i++) assert.equal(counts.get(`k${i}`), 2n, 'the state came over');
    second.kill('SIGTERM');
    const exit = await second.exited;
    assert.equal(exit.code, 0, exit.output);
    const restored = Number(/"restored":(\d+)/.exec(exit.output)?.[1]);
    const changelog = await service().sizeOf(`${service().place.application}-counts-changelog`);
    assert.ok(restored < changelog * 0.05, `${restored} of ${changelog} changelog records were read again`);
  });
});
