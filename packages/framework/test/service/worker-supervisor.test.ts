import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkerSupervisor } from '../../dist/service/worker-supervisor.js';
import type { WorkerRestartOptions } from '../../dist/service/stream-service-options.js';
import { RecordingLogger } from './recording-logger.js';
import { waitFor } from '../../dist/testing/wait-for.js';

const entry = fileURLToPath(new URL('./fixtures/worker.js', import.meta.url));

interface Setup {
  readonly workers?: number;
  readonly plan: readonly (number | 'run' | 'hang')[];
  readonly restart?: WorkerRestartOptions;
  readonly stopTimeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

describe('WorkerSupervisor', function () {
  this.timeout(60_000);
  let directory: string;
  let supervisor: WorkerSupervisor | undefined;
  let running: Promise<number> | undefined;
  let logger: RecordingLogger;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-workers-'));
    writeFileSync(join(directory, 'log'), '');
    logger = new RecordingLogger();
  });

  afterEach(async () => {
    supervisor?.kill();
    await running;
    supervisor = undefined;
    rmSync(directory, { recursive: true, force: true });
  });

  function start({ workers = 2, plan, restart = {}, stopTimeoutMs = 30_000, env = {} }: Setup): Promise<number> {
    const { UV_THREADPOOL_SIZE: _own, ...inherited } = process.env;
    supervisor = new WorkerSupervisor({
      workers,
      entry,
      args: [],
      env: { ...inherited, ...env, WORKER_LOG: join(directory, 'log'), WORKER_PLAN: JSON.stringify(plan) },
      restart: { initialDelayMs: 1, maxDelayMs: 4, healthyAfterMs: 60_000, maxFailures: 3, ...restart },
      stopTimeoutMs,
      logger,
    });
    running = supervisor.run();
    return running;
  }

  /** Lines `<event> <index> <pid>` that the workers wrote. */
  function events(event: string): { readonly index: number; readonly pid: number }[] {
    return readFileSync(join(directory, 'log'), 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([name]) => name === event)
      .map(([, index, pid]) => ({ index: Number(index), pid: Number(pid) }));
  }

  it('should start each worker once with its index, and stop them all with SIGTERM', async () => {
    const exitCode = start({ workers: 3, plan: ['run'] });
    await waitFor(() => events('start').length === 3, '3 starts of workers');
    assert.deepEqual(
      events('start')
        .map(({ index }) => index)
        .sort(),
      [0, 1, 2],
    );
    supervisor?.stop();
    assert.equal(await exitCode, 0);
    assert.equal(events('stop').length, 3);
    assert.equal(events('start').length, 3);
  });

  it('should give workers a larger thread pool, unless the environment sets one', async () => {
    const exitCode = start({ workers: 1, plan: ['run'] });
    await waitFor(() => events('start').length === 1, '1 start of a worker');
    assert.equal(events('pool-16').length, 1);
    supervisor?.stop();
    await exitCode;
    start({ workers: 1, plan: ['run'], env: { UV_THREADPOOL_SIZE: '32' } }).catch(() => undefined);
    await waitFor(() => events('start').length === 2, '2 starts of workers');
    assert.equal(events('pool-32').length, 1);
  });

  it('should start a crashed worker again, and leave the others alone', async () => {
    const exitCode = start({ plan: ['run'] });
    await waitFor(() => events('start').length === 2, '2 starts of workers');
    const [victim] = events('start');
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await waitFor(() => events('start').length === 3, '3 starts of workers');
    assert.equal(events('start')[2]?.index, victim?.index);
    assert.ok(logger.has('warn', /ended unexpectedly \(signal SIGKILL\): starting it again in 1 ms/));
    supervisor?.stop();
    assert.equal(await exitCode, 0);
  });

  it('should wait longer after each failure, up to the longest delay', async () => {
    const exitCode = start({ workers: 1, plan: [1, 1, 1, 1, 'run'], restart: { maxFailures: 10 } });
    await waitFor(() => events('start').length === 5, '5 starts of workers');
    assert.deepEqual(
      logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['delayMs']),
      [1, 2, 4, 4],
    );
    supervisor?.stop();
    assert.equal(await exitCode, 0);
  });

  it('should give up and stop the others when one worker fails again and again', async () => {
    const exitCode = start({ workers: 1, plan: [1] });
    assert.equal(await exitCode, 1);
    assert.equal(events('start').length, 3);
    assert.ok(logger.has('error', /failed 3 times in a row \(exit code 1\): stopping the service/));
  });

  it('should forget the failures of a worker that ran long enough', async () => {
    const exitCode = start({ workers: 1, plan: [1, 1, 1, 1, 1, 'run'], restart: { healthyAfterMs: 0 } });
    await waitFor(() => events('start').length === 6, '6 starts of workers');
    supervisor?.stop();
    assert.equal(await exitCode, 0);
  });

  it('should stop at once with exit code 2, without restarts, when a worker reports wrong configuration', async () => {
    assert.equal(await start({ workers: 1, plan: [2] }), 2);
    assert.equal(events('start').length, 1);
  });

  it('should stop running workers when another one reports wrong configuration', async () => {
    const exitCode = start({ plan: ['run', 2] });
    await waitFor(() => events('start').length === 2, '2 starts of workers');
    process.kill(events('start')[0]?.pid ?? 0, 'SIGKILL');
    assert.equal(await exitCode, 2);
    assert.equal(events('start').length, 3);
    assert.equal(events('stop').length, 1);
  });

  it('should kill a worker that does not stop in time, and report it', async () => {
    const exitCode = start({ workers: 1, plan: ['hang'], stopTimeoutMs: 50 });
    await waitFor(() => events('start').length === 1, '1 starts of workers');
    supervisor?.stop();
    assert.equal(await exitCode, 1);
    assert.ok(logger.has('error', /did not stop within 50 ms: killing it/));
    assert.ok(logger.has('error', /did not stop cleanly: signal SIGKILL/));
  });

  it('should not restart a worker that ended with exit code 0', async () => {
    assert.equal(await start({ workers: 2, plan: [0] }), 0);
    assert.equal(events('start').length, 2);
  });

  it('should end a pause before a restart when it is stopped', async () => {
    const exitCode = start({ workers: 1, plan: [1], restart: { initialDelayMs: 3_600_000, maxDelayMs: 3_600_000 } });
    await waitFor(() => logger.has('warn', /starting it again/), 'the pause before a restart');
    supervisor?.stop();
    assert.equal(await exitCode, 0);
  });
});
