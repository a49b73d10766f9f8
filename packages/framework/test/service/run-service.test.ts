import assert from 'node:assert/strict';
import { ServiceProgram } from './service-program.js';
import { waitFor } from '../../dist/testing/wait-for.js';

const LAST_RECORD = 'handled-2';

describe('runService', function () {
  this.timeout(60_000);
  let program: ServiceProgram;

  function start(env: Readonly<Record<string, string>> = {}): ServiceProgram {
    program = new ServiceProgram(env);
    return program;
  }

  afterEach(() => program.dispose());

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`should process, and on ${signal} commit, clean up in order and exit with 0`, async () => {
      start();
      await program.waitForEvent(LAST_RECORD);
      program.kill(signal);
      assert.equal(await program.exit(), 0);
      assert.deepEqual(program.events(), [
        'onStart',
        'handled-0',
        'handled-1',
        'handled-2',
        'onStop-committed-3',
        'released',
      ]);
      assert.match(program.stderr, new RegExp(`${signal} received: finishing, committing and leaving the group`));
      assert.match(program.stderr, /Service fixture has stopped cleanly/);
    });
  }

  it('should exit at once on a second signal', async () => {
    start({ SCENARIO: 'stop-hangs' });
    await program.waitForEvent(LAST_RECORD);
    program.kill('SIGTERM');
    await waitFor(() => program.events().some((event) => event.startsWith('onStop')), 'onStop');
    program.kill('SIGINT');
    assert.equal(await program.exit(), 130);
    assert.match(program.stderr, /Second signal \(SIGINT\): exiting at once/);
    assert.ok(!program.events().includes('released'));
  });

  it('should stop cleanly when the signal comes while it starts', async () => {
    start({ SCENARIO: 'start-hangs' });
    await program.waitForEvent('onStart');
    program.kill('SIGTERM');
    await program.waitForEvent('released');
    assert.equal(await program.exit(), 0);
    assert.ok(!program.events().includes('handled-0'));
  });

  interface Failure {
    readonly what: string;
    readonly env: Readonly<Record<string, string>>;
    readonly exitCode: number;
    readonly message: RegExp;
    readonly events?: readonly string[];
  }

  const failures: readonly Failure[] = [
    {
      what: 'nothing says where Kafka is',
      env: { SCENARIO: 'no-address' },
      exitCode: 2,
      message: /^FixtureService cannot start: .*Set the environment variable KAFKA_BOOTSTRAP_SERVERS/,
      events: [],
    },
    {
      what: 'an option is unknown',
      env: { SCENARIO: 'unknown-option' },
      exitCode: 2,
      message: /^FixtureService cannot start: There is no option 'commitIntervallMs'.*mean 'commitIntervalMs'\?/,
      events: [],
    },
    {
      what: 'an option has a wrong value',
      env: { SCENARIO: 'bad-value' },
      exitCode: 2,
      message: /"code":"INVALID_OPTION".*Service fixture cannot start: The option 'commitIntervalMs' must be/,
    },
    {
      what: 'LOG_LEVEL is unknown',
      env: { LOG_LEVEL: 'loud' },
      exitCode: 2,
      message: /LOG_LEVEL is 'loud'/,
      events: [],
    },
    {
      what: 'an input topic is missing',
      env: { SCENARIO: 'no-topic' },
      exitCode: 2,
      message: /Service fixture cannot start: .*'?in'?.*/,
      events: ['onStart', 'onStop-committed-undefined', 'released'],
    },
    {
      what: 'the broker cannot be reached',
      env: { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' },
      exitCode: 1,
      message: /"code":"BROKER_UNREACHABLE".*Service fixture cannot start: .*127\.0\.0\.1:1/,
    },
    {
      what: 'the constructor throws',
      env: { SCENARIO: 'constructor-throws' },
      exitCode: 1,
      message: /Service fixture cannot start: no database/,
    },
    {
      what: 'onStart throws',
      env: { SCENARIO: 'start-throws' },
      exitCode: 1,
      message: /Service fixture cannot start: cache is cold/,
      events: ['onStart', 'onStop-committed-undefined', 'released'],
    },
    {
      what: 'a handler throws',
      env: { SCENARIO: 'handler-throws' },
      exitCode: 1,
      message: /"code":"PROCESSING_FAILED".*Service fixture has failed: .*cannot read the flight/,
      events: ['onStart', 'onStop-committed-undefined', 'released'],
    },
  ];
  for (const { what, env, exitCode, message, events } of failures) {
    it(`should exit with ${exitCode} and say why when ${what}`, async () => {
      start(env);
      assert.equal(await program.exit(), exitCode);
      assert.match(program.stderr, new RegExp(message.source, 'm'));
      if (events !== undefined) assert.deepEqual(program.events(), events);
    });
  }

  it('should exit with 1 and still release everything when onStop throws', async () => {
    start({ SCENARIO: 'stop-throws' });
    await program.waitForEvent(LAST_RECORD);
    program.kill('SIGTERM');
    assert.equal(await program.exit(), 1);
    assert.match(program.stderr, /cannot say goodbye/);
    assert.ok(program.events().includes('released'));
  });
});

describe('runService with workers', function () {
  this.timeout(60_000);
  let program: ServiceProgram;

  afterEach(() => program.dispose());

  /** Starts two workers and waits until both have processed their records. */
  async function startTwo(env: Readonly<Record<string, string>> = {}): Promise<number[]> {
    program = new ServiceProgram({ MILLRACE_WORKERS: '2', ...env });
    await program.waitForEvent(LAST_RECORD, 2);
    return program.pidsOf(LAST_RECORD);
  }

  it('should run every worker in a process of its own, and stop them all on SIGTERM', async () => {
    const pids = await startTwo();
    assert.equal(new Set([...pids, program.pid]).size, 3);
    program.kill('SIGTERM');
    assert.equal(await program.exit(), 0);
    assert.deepEqual(program.pidsOf('released').sort(), pids.sort());
  });

  it('should start a killed worker again', async () => {
    const [victim = 0] = await startTwo();
    process.kill(victim, 'SIGKILL');
    await program.waitForEvent(LAST_RECORD, 3);
    program.kill('SIGTERM');
    assert.equal(await program.exit(), 0);
    assert.match(program.stderr, /ended unexpectedly \(signal SIGKILL\)/);
    assert.equal(program.pidsOf('released').length, 2);
  });

  it('should stop cleanly when a service manager or terminal signals every process', async () => {
    const pids = await startTwo();
    for (const pid of pids) process.kill(pid, 'SIGINT');
    for (const pid of pids) process.kill(pid, 'SIGTERM');
    program.kill('SIGTERM');
    assert.equal(await program.exit(), 0);
    assert.equal(program.pidsOf('released').length, 2);
  });

  it('should not outlive a supervisor that was killed', async () => {
    await startTwo();
    program.kill('SIGKILL');
    await program.waitForEvent('released', 2);
    // The pipe of standard error closes only when the last child has ended.
    assert.equal(await program.exit(), 'SIGKILL');
    assert.match(program.stderr, /The supervisor is gone/);
  });

  it('should exit with 2 at once when the configuration is wrong', async () => {
    program = new ServiceProgram({ MILLRACE_WORKERS: '2', SCENARIO: 'no-topic' });
    assert.equal(await program.exit(), 2);
    assert.ok(program.pidsOf('onStart').length <= 2);
    assert.match(program.stderr, /reported wrong configuration, see its message: stopping the service/);
  });

  it('should kill the workers and exit at once on a second signal', async () => {
    await startTwo({ SCENARIO: 'stop-hangs' });
    program.kill('SIGTERM');
    await waitFor(() => program.events().filter((event) => event.startsWith('onStop')).length === 2, 'onStop of both');
    program.kill('SIGTERM');
    assert.equal(await program.exit(), 143);
    assert.ok(!program.events().includes('released'));
  });
});
