import assert from 'node:assert/strict';
import type { ClientCallKind, FailureInjector, Injection } from '../../../dist/client/memory/failure-injection.js';
import { CrashedProcessError } from '../../../dist/client/memory/client-process.js';
import { MemoryKafka } from '../../../dist/client/memory/memory-kafka.js';
import type { RecordProducer } from '../../../dist/client/port.js';
import { KafkaError } from '../../../dist/errors/errors.js';
import { VirtualClock } from '../../../dist/time/virtual-clock.js';

describe('failures injected into the in-memory Kafka', () => {
  let clock: VirtualClock;
  let kafka: MemoryKafka;

  beforeEach(() => {
    clock = new VirtualClock();
    kafka = new MemoryKafka({ clock });
    kafka.createTopic({ topic: 'out', partitions: 1 });
  });

  /** Strikes the first `times` calls of a kind. */
  function strike(kind: ClientCallKind, when: 'before' | 'after', injection: Injection, times = 1): FailureInjector {
    let left = times;
    return {
      [when]: (call: { readonly kind: ClientCallKind }) => (call.kind === kind && left-- > 0 ? injection : undefined),
    };
  }

  const transient = new KafkaError('KAFKA_FAILURE', 'not now', { kafkaCode: 'NOT_LEADER', isRetriable: true });
  const final = new KafkaError('KAFKA_FAILURE', 'never', { kafkaCode: 'POLICY_VIOLATION' });

  async function producer(transactionalId?: string, identity = 'one'): Promise<RecordProducer> {
    const opened = kafka.clients(identity).producer(transactionalId === undefined ? {} : { transactionalId });
    await opened.connect();
    if (transactionalId !== undefined) await opened.initTransactions();
    return opened;
  }

  function produce(to: RecordProducer, value: string): void {
    assert.ok(to.produce('out', 0, null, Buffer.from(value), 1, [{ key: 'h', value: null }]));
  }

  function written(isolationLevel: 'read_committed' | 'read_uncommitted' = 'read_committed'): (string | undefined)[] {
    return kafka.records('out', 0, isolationLevel).map(({ value }) => value?.toString());
  }

  it('should send again what failed with a retriable error, in order', async () => {
    const sender = await producer();
    kafka.injectFailures(strike('producer.send', 'before', { type: 'throw', error: transient }, 3));
    produce(sender, 'a');
    const flushed = sender.flush();
    produce(sender, 'b');
    await clock.run(Promise.all([flushed, sender.flush()]));
    assert.deepEqual(written(), ['a', 'b']);
    assert.equal(clock.monotonicMs(), 300, 'three pauses of 100 ms');
  });

  it('should not write twice what was written but not acknowledged', async () => {
    const sender = await producer();
    kafka.injectFailures(strike('producer.send', 'before', { type: 'lose-answer' }, 2));
    produce(sender, 'once');
    await clock.run(sender.flush());
    produce(sender, 'next');
    await sender.flush();
    assert.deepEqual(written(), ['once', 'next']);
  });

  it('should report a record that failed for good, with its headers, and one that ran out of time', async () => {
    const sender = kafka.clients().producer({ deliveryTimeoutMs: 1_000 });
    await sender.connect();
    kafka.injectFailures(strike('producer.send', 'before', { type: 'throw', error: final }));
    produce(sender, 'refused');
    await sender.flush();
    kafka.injectFailures(strike('producer.send', 'before', { type: 'throw', error: transient }, Infinity));
    produce(sender, 'late');
    await clock.run(sender.flush());
    const failures = sender.takeFailures();
    assert.deepEqual(
      failures.map(({ value, headers, error }) => [value?.toString(), headers.length, (error as KafkaError).code]),
      [
        ['refused', 1, 'KAFKA_FAILURE'],
        ['late', 1, 'TIMED_OUT'],
      ],
    );
    assert.deepEqual(sender.takeFailures(), []);
  });

  it('should demand an abort when a record of a transaction failed', async () => {
    const sender = await producer('tx');
    kafka.injectFailures(strike('producer.send', 'before', { type: 'throw', error: final }));
    await sender.beginTransaction();
    produce(sender, 'refused');
    await assert.rejects(sender.commitTransaction(), { requiresAbort: true, isFatal: false });
    await assert.rejects(sender.sendOffsets([], kafka.clients().membership({ groupId: 'g' })), { requiresAbort: true });
    await sender.abortTransaction();
    await sender.beginTransaction();
    produce(sender, 'fine');
    await sender.commitTransaction();
    assert.deepEqual(written(), ['fine']);
  });

  it('should commit once when the answer of a commit is lost and the call is made again', async () => {
    const sender = await producer('tx');
    kafka.injectFailures(strike('producer.commitTransaction', 'before', { type: 'lose-answer' }));
    await sender.beginTransaction();
    produce(sender, 'a');
    await assert.rejects(sender.commitTransaction(), { code: 'TIMED_OUT', isRetriable: true });
    assert.deepEqual(written(), ['a'], 'it has had its effect');
    await assert.rejects(sender.beginTransaction(), { kafkaCode: '_STATE' });
    await sender.commitTransaction();
    await sender.beginTransaction();
    produce(sender, 'b');
    await sender.flush();
    await sender.abortTransaction();
    assert.deepEqual(written(), ['a']);
    assert.deepEqual(kafka.offsets('out', 0), [0, 4]);
  });

  it('should lose what a crashed process has not sent, and leave its transaction open', async () => {
    const sender = await producer('tx');
    await sender.beginTransaction();
    produce(sender, 'sent');
    await sender.flush();
    produce(sender, 'queued');
    kafka.crash('one');
    assert.equal(kafka.isAlive('one'), false);
    assert.throws(() => produce(sender, 'after death'), CrashedProcessError);
    await clock.advance(5_000);
    assert.deepEqual(written('read_uncommitted'), ['sent']);
    assert.deepEqual(kafka.openTransactions(), ['tx']);
    await clock.advance(5_000);
    assert.deepEqual(kafka.openTransactions(), []);
    assert.deepEqual(written(), []);
  });

  it('should let the successor of a crashed process abort its transaction', async () => {
    const sender = await producer('tx');
    await sender.beginTransaction();
    produce(sender, 'lost');
    await sender.flush();
    kafka.crash('one');
    const heir = await producer('tx');
    assert.deepEqual(kafka.openTransactions(), []);
    await heir.beginTransaction();
    produce(heir, 'kept');
    await heir.commitTransaction();
    assert.deepEqual(written(), ['kept']);
  });

  for (const when of ['before', 'after'] as const) {
    it(`should crash ${when} the effect of a call, whose caller never hears of it`, async () => {
      const sender = await producer('tx');
      await sender.beginTransaction();
      produce(sender, 'x');
      kafka.injectFailures(strike('producer.commitTransaction', when, { type: 'crash' }));
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      void sender.commitTransaction().then(settle, settle);
      await clock.advance(60_000);
      assert.equal(isSettled, false);
      assert.deepEqual(written(), when === 'before' ? [] : ['x']);
    });
  }

  it('should reject the calls of a crashed process where that is asked for', async () => {
    kafka = new MemoryKafka({ clock, crashedCalls: 'reject' });
    kafka.createTopic({ topic: 'out', partitions: 1 });
    const sender = await producer();
    const fetcher = kafka.clients('one').fetcher({ isolationLevel: 'read_committed' });
    await fetcher.connect();
    const polling = assert.rejects(clock.run(fetcher.poll(100)), CrashedProcessError);
    kafka.crash('one');
    await polling;
    await assert.rejects(sender.flush(), CrashedProcessError);
  });

  it('should lose no record when a poll fails, at any point of it', async () => {
    for (const value of ['a', 'b']) kafka.append('out', 0, { value: Buffer.from(value) });
    const fetcher = kafka.clients().fetcher({ isolationLevel: 'read_committed', maxPollRecords: 1 });
    await fetcher.connect();
    fetcher.assign([{ topic: 'out', partition: 0, offset: 0 }]);
    const read: (string | undefined)[] = [];
    for (const type of ['before', 'lost', 'after', undefined, undefined]) {
      const thrown: Injection = { type: 'throw', error: transient };
      const lost: Injection = { type: 'lose-answer' };
      const when = type === 'after' ? 'after' : 'before';
      kafka.injectFailures(
        type === undefined ? undefined : strike('fetcher.poll', when, type === 'lost' ? lost : thrown),
      );
      const polled = clock.run(fetcher.poll(10));
      if (type !== undefined) await assert.rejects(polled, { isRetriable: true });
      else for (const { records } of (await polled).batches) read.push(...records.map((r) => r.value?.toString()));
    }
    assert.deepEqual(read, ['a', 'b']);
  });

  it('should delay the effect of a call, or its answer', async () => {
    const admin = kafka.clients().admin();
    await admin.connect();
    kafka.injectFailures(strike('admin.createTopic', 'before', { type: 'delay', ms: 500 }));
    const before = admin.createTopic({ topic: 'late', partitions: 1 });
    await clock.advance(499);
    assert.throws(() => kafka.offsets('late', 0), { code: 'TOPIC_NOT_FOUND' });
    await clock.advance(1);
    await before;
    kafka.injectFailures(strike('admin.deleteTopic', 'after', { type: 'delay', ms: 500 }));
    const after = admin.deleteTopic('late');
    await clock.advance(1);
    assert.throws(() => kafka.offsets('late', 0), { code: 'TOPIC_NOT_FOUND' });
    await clock.run(after);
    assert.equal(clock.monotonicMs(), 1_000);
  });

  it('should refuse what is denied, and nothing else', async () => {
    const clients = kafka.clients('one');
    const admin = clients.admin();
    await admin.connect();
    kafka.deny({ resource: 'topic', name: /^secret/ });
    await assert.rejects(admin.createTopic({ topic: 'secret-1', partitions: 1 }), { code: 'AUTHORIZATION_FAILED' });
    kafka.createTopic({ topic: 'secret-1', partitions: 1 });
    assert.deepEqual(await admin.listTopics(), ['out']);
    const sender = await producer();
    assert.ok(sender.produce('secret-1', 0, null, null, 1, []));
    await sender.flush();
    assert.equal((sender.takeFailures()[0]?.error as KafkaError).code, 'AUTHORIZATION_FAILED');
    const fetcher = clients.fetcher({ isolationLevel: 'read_committed' });
    await fetcher.connect();
    fetcher.assign([{ topic: 'secret-1', partition: 0, offset: 0 }]);
    const { failures } = await clock.run(fetcher.poll(10));
    assert.equal((failures[0]?.error as KafkaError).code, 'AUTHORIZATION_FAILED');
  });
});
