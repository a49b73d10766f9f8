import assert from 'node:assert/strict';
import type { FetchFailure, FetchResult } from '../../../../dist/client/port.js';
import type { ConsumedRecord } from '../../../../dist/client/records.js';
import { BufferBudget } from '../../../../dist/client/wire/fetching/buffer-budget.js';
import { WireFetcher } from '../../../../dist/client/wire/fetching/wire-fetcher.js';
import { KafkaError } from '../../../../dist/errors/errors.js';
import { VirtualClock } from '../../../../dist/time/virtual-clock.js';
import { FakeBrokers, lost, type FakeLog } from './fake-brokers.js';

const mebibyte = 1024 * 1024;

interface Options {
  readonly maxPollRecords?: number;
  readonly maxBufferedBytes?: number;
  readonly isolationLevel?: 'read_committed' | 'read_uncommitted';
}

/** A fetcher on brokers of the test's own, on a clock of the test's own. */
class Bench {
  readonly clock = new VirtualClock();
  readonly brokers = new FakeBrokers(this.clock);
  readonly budget = new BufferBudget();
  readonly fetcher: WireFetcher;
  readonly offsets = new Map<string, number[]>();
  readonly failures: FetchFailure[] = [];

  private constructor(options: Options) {
    this.fetcher = new WireFetcher(
      { network: this.brokers, budget: this.budget, clock: this.clock, rack: undefined },
      { isolationLevel: 'read_uncommitted', ...options },
    );
  }

  static async open(options: Options = {}): Promise<Bench> {
    const bench = new Bench(options);
    await bench.fetcher.connect();
    return bench;
  }

  async poll(timeoutMs = 1_000): Promise<FetchResult> {
    const result = await this.clock.run(this.fetcher.poll(timeoutMs));
    for (const { topic, partition, records } of result.batches) {
      const key = `${topic}-${partition}`;
      const seen = this.offsets.get(key) ?? [];
      seen.push(...records.map(({ offset }) => offset));
      this.offsets.set(key, seen);
    }
    this.failures.push(...result.failures);
    return result;
  }

  /** Polls until so many records of a log have come, and returns their offsets. */
  async read(log: FakeLog, count: number): Promise<readonly number[]> {
    const key = `${log.topic}-${log.partition}`;
    for (let polls = 0; (this.offsets.get(key)?.length ?? 0) < count; polls += 1) {
      assert.ok(polls < 1_000, `gave up after ${polls} polls, read ${this.offsets.get(key)?.length ?? 0} of ${count}`);
      await this.poll();
    }
    return this.offsets.get(key) ?? [];
  }

  async failure(): Promise<KafkaError> {
    for (let polls = 0; polls < 100; polls += 1) {
      await this.poll();
      const error = this.failures[0]?.error;
      if (error === undefined) continue;
      assert.ok(error instanceof KafkaError);
      return error;
    }
    assert.fail('nothing failed');
  }
}

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('WireFetcher', () => {
  it('should read a partition from the offset asked for, batch after batch', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    for (let i = 0; i < 20; i += 1) log.append(10);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 35 }]);
    assert.deepEqual(await bench.read(log, 165), upTo(165, 35));
    assert.equal(bench.fetcher.endOffset(log), 200);
  });

  it('should read on from a batch that it has read half of, and never more than asked for', async () => {
    const bench = await Bench.open({ maxPollRecords: 7 });
    const log = bench.brokers.log('t');
    log.append(100);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    for (let polls = 0; polls < 15; polls += 1) {
      const { batches } = await bench.poll();
      const [batch] = batches;
      assert.ok(batch !== undefined && batch.records.length <= 7);
      assert.equal(batch.nextOffset, (batch.records.at(-1)?.offset ?? 0) + 1);
    }
    assert.deepEqual(bench.offsets.get('t-0'), upTo(100));
  });

  it('should move the position over what was compacted away', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(5, { holes: [0, 3, 4] });
    log.append(5, { holes: upTo(5) });
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    let position = 0;
    const records: ConsumedRecord[] = [];
    while (position < 10) {
      const { batches } = await bench.poll();
      for (const batch of batches) {
        records.push(...batch.records);
        position = batch.nextOffset;
      }
    }
    assert.deepEqual(
      records.map(({ offset }) => offset),
      [1, 2],
    );
  });

  it('should send the next request before anybody has taken the records of the last', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    for (let i = 0; i < 8; i += 1) log.append(1, { valueBytes: mebibyte / 2 });
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    await bench.clock.advance(100);
    assert.equal(bench.offsets.size, 0, 'nobody polls');
    assert.ok(bench.brokers.requests.length > 3, `${bench.brokers.requests.length} requests`);
    assert.deepEqual(await bench.read(log, 8), upTo(8));
  });

  it('should read a partition assigned during a long poll without waiting for its end', async () => {
    const bench = await Bench.open();
    const idle = bench.brokers.log('idle');
    const busy = bench.brokers.log('busy');
    busy.append(10);
    bench.fetcher.assign([{ topic: 'idle', partition: 0, offset: 0 }]);
    await bench.clock.advance(50);
    assert.equal(bench.brokers.requests.at(-1)?.lane, 'live');
    const startMs = bench.clock.monotonicMs();
    bench.fetcher.assign([{ topic: 'busy', partition: 0, offset: 0 }]);
    await bench.read(busy, 10);
    assert.ok(bench.clock.monotonicMs() - startMs < 10, `took ${bench.clock.monotonicMs() - startMs} ms`);
    // Still in the long poll, and served by it.
    idle.append(1);
    bench.brokers.appended();
    await bench.read(idle, 1);
    assert.ok(bench.clock.monotonicMs() - startMs < 20);
  });

  it('should hear of new records at the end soon, also of a partition that joined late', async () => {
    const bench = await Bench.open();
    bench.brokers.log('idle');
    const late = bench.brokers.log('late');
    bench.fetcher.assign([{ topic: 'idle', partition: 0, offset: 0 }]);
    await bench.clock.advance(50);
    bench.fetcher.assign([{ topic: 'late', partition: 0, offset: 0 }]);
    await bench.clock.advance(50);
    const startMs = bench.clock.monotonicMs();
    late.append(1);
    bench.brokers.appended();
    await bench.read(late, 1);
    assert.ok(bench.clock.monotonicMs() - startMs < 30, `took ${bench.clock.monotonicMs() - startMs} ms`);
  });

  it('should drop what comes for an assignment that is over', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    for (let i = 0; i < 10; i += 1) log.append(10);
    bench.brokers.latencyMs = 20;
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    await bench.clock.advance(30); // leader found, first request under way
    assert.equal(bench.brokers.requests.length, 1);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 90 }]);
    assert.deepEqual(await bench.read(log, 10), upTo(10, 90));
    bench.fetcher.unassign([log]);
    log.append(10);
    assert.deepEqual((await bench.poll(2_000)).batches, []);
  });

  it('should keep what a paused partition has buffered, and fetch nothing more of it', async () => {
    const bench = await Bench.open({ maxPollRecords: 5 });
    const [one, other] = [bench.brokers.log('one'), bench.brokers.log('other')];
    for (const log of [one, other]) for (let i = 0; i < 10; i += 1) log.append(10);
    bench.fetcher.assign([one, other].map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
    await bench.read(one, 5);
    bench.fetcher.pause([one]);
    const taken = [...(bench.offsets.get('one-0') ?? [])];
    const requests = bench.brokers.requests.length;
    await bench.read(other, 100);
    one.append(10);
    bench.brokers.appended();
    await bench.poll(1_000);
    assert.deepEqual(bench.offsets.get('one-0'), taken);
    const later = bench.brokers.requests.slice(requests + 1);
    assert.ok(later.every(({ topics }) => topics.every(({ topic }) => topic === 'other')));
    bench.fetcher.resume([one]);
    assert.deepEqual(await bench.read(one, 110), upTo(110));
  });

  it('should give each partition its part of a poll', async () => {
    const bench = await Bench.open({ maxPollRecords: 30 });
    const logs = upTo(3).map((partition) => bench.brokers.log('t', partition));
    for (const log of logs) log.append(1_000);
    bench.fetcher.assign(logs.map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
    await bench.clock.advance(100);
    const { batches } = await bench.poll();
    assert.deepEqual(
      batches.map(({ records }) => records.length),
      [10, 10, 10],
    );
  });

  it('should end at the last stable offset under read_committed, and go on when it moves', async () => {
    const bench = await Bench.open({ isolationLevel: 'read_committed' });
    const log = bench.brokers.log('t');
    log.append(5);
    log.append(5);
    log.stableEnd = 5;
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    assert.deepEqual(await bench.read(log, 5), upTo(5));
    assert.equal(bench.fetcher.endOffset(log), 5);
    assert.deepEqual((await bench.poll(1_000)).batches, []);
    log.stableEnd = undefined;
    bench.brokers.appended();
    assert.deepEqual(await bench.read(log, 10), upTo(10));
  });

  it('should find the new leader when the old one refuses or is gone', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    for (let i = 0; i < 5; i += 1) log.append(10);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    await bench.read(log, 50);
    Object.assign(log, { leader: 1, epoch: 1 });
    log.append(10);
    assert.deepEqual(await bench.read(log, 60), upTo(60));
    bench.brokers.onRequest = ({ brokerId }) => {
      if (brokerId === 1) throw lost();
    };
    Object.assign(log, { leader: 2, epoch: 2 });
    log.append(10);
    assert.deepEqual(await bench.read(log, 70), upTo(70));
  });

  it('should follow a leader hint without asking for metadata (KIP-951)', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(10);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    await bench.read(log, 10);
    const { metadataRequests } = bench.brokers;
    Object.assign(log, { leader: 1, epoch: 1 });
    bench.brokers.onAnswer = (answer) =>
      answer.errorCode === 6 ? { ...answer, currentLeader: { leaderId: 1, leaderEpoch: 1 } } : answer;
    log.append(10);
    assert.deepEqual(await bench.read(log, 20), upTo(20));
    assert.equal(bench.brokers.metadataRequests, metadataRequests);
  });

  it('should begin a new session when the broker has forgotten the old one', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    for (let round = 1; round <= 5; round += 1) {
      await bench.clock.advance(700);
      if (round % 2 === 0) bench.brokers.forgetSessions();
      log.append(1);
      bench.brokers.appended();
      assert.deepEqual(await bench.read(log, round), upTo(round));
    }
    const live = bench.brokers.requests.filter(({ lane }) => lane === 'live');
    assert.ok(live.filter(({ sessionEpoch }) => sessionEpoch === 0).length >= 3, 'sessions begun');
    assert.ok(
      live.some(({ sessionEpoch, topics }) => sessionEpoch > 0 && topics.length === 0),
      'nothing named twice',
    );
  });

  it('should not let a partition in error stop the others', async () => {
    const bench = await Bench.open();
    const [bad, good] = [bench.brokers.log('bad'), bench.brokers.log('good')];
    for (const log of [bad, good]) log.append(10);
    let refusals = 0;
    bench.brokers.onAnswer = (answer, log) => {
      if (log !== bad || refusals >= 5) return answer;
      refusals += 1;
      return { ...answer, errorCode: 78, records: null };
    };
    bench.fetcher.assign([bad, good].map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
    await bench.read(good, 10);
    assert.ok(refusals < 3);
    assert.deepEqual(await bench.read(bad, 10), upTo(10));
    assert.deepEqual(bench.failures, []);
  });

  it('should report an offset out of range with the range, after everything before it', async () => {
    const bench = await Bench.open({ maxPollRecords: 3 });
    const log = bench.brokers.log('t');
    log.append(8);
    log.append(2);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    await bench.poll();
    // Retention, while the reader was away.
    log.append(5);
    log.start = 12;
    const error = await bench.failure();
    assert.equal(error.code, 'OFFSET_OUT_OF_RANGE');
    assert.match(error.message, /offset 10 does not exist: it has 12 to 15/);
    assert.deepEqual(bench.offsets.get('t-0'), upTo(10));
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 12 }]);
    assert.deepEqual(await bench.read(log, 13), [...upTo(10), 12, 13, 14]);
  });

  it('should report a log that lost what was read in an unclean election, though it has the offset again', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(8);
    log.append(2);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    await bench.read(log, 10);
    log.truncate(8);
    Object.assign(log, { leader: 1, epoch: 1 });
    log.append(7);
    bench.brokers.appended();
    const error = await bench.failure();
    assert.equal(error.code, 'OFFSET_OUT_OF_RANGE');
    assert.match(error.message, /truncated: records before offset 10.*epoch 0, were lost from offset 8 on/);
    assert.deepEqual(bench.offsets.get('t-0'), upTo(10));
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 8 }]);
    assert.deepEqual(await bench.read(log, 17), [...upTo(10), ...upTo(7, 8)]);
  });

  it('should read on after a clean election, whatever was compacted away or deleted', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    for (let epoch = 0; epoch < 6; epoch += 1) {
      Object.assign(log, { leader: epoch % 2, epoch });
      log.append(4, { holes: [0, 3] });
      if (epoch === 0) bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
      bench.brokers.appended();
      await bench.read(log, 2 * (epoch + 1));
      // Compaction takes every second batch away, with its epoch; deletion the first ones.
      if (epoch === 3) log.batches.splice(1, 1);
      if (epoch === 4) log.start = log.batches.splice(0, 2).length * 4;
    }
    assert.deepEqual(bench.failures, []);
  });

  it('should believe in a leader epoch that has gone back, after a while', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(4);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    Object.assign(log, { leader: 1, epoch: 7 });
    assert.deepEqual(await bench.read(log, 4), upTo(4));
    // The same topic id, or none: a topic that was made anew where there are no ids.
    Object.assign(log, { leader: 2, epoch: 1, batches: [], end: 0 });
    for (let batch = 0; batch < 3; batch += 1) log.append(4);
    bench.brokers.appended();
    const error = await bench.failure();
    assert.equal(error.code, 'OFFSET_OUT_OF_RANGE');
    assert.ok(bench.clock.monotonicMs() >= 10_000);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    assert.deepEqual(await bench.read(log, 16), [...upTo(4), ...upTo(12)]);
  });

  it('should not take the word of a follower for it that the log was truncated', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(10);
    bench.brokers.followers.set(log, 1);
    bench.brokers.onAnswer = (answer, _log, brokerId) => {
      if (brokerId === 1) return { ...answer, records: null, divergingEpoch: { epoch: 0, endOffset: 4 } };
      return bench.brokers.requests.length < 3 ? { ...answer, records: null, preferredReadReplica: 1 } : answer;
    };
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    assert.deepEqual(await bench.read(log, 10), upTo(10));
    assert.ok(bench.brokers.requests.some(({ brokerId }) => brokerId === 1));
    assert.deepEqual(bench.failures, []);
  });

  it('should report a leader that keeps refusing an offset that it has, and records that it calls damaged', async () => {
    for (const [errorCode, message] of [
      [1, /was truncated/],
      [2, /INVALID_MSG|CORRUPT/],
    ] as const) {
      const bench = await Bench.open();
      const log = bench.brokers.log('t');
      log.append(10);
      bench.brokers.onAnswer = (answer) => ({ ...answer, errorCode, records: null });
      bench.fetcher.assign([{ topic: 't', partition: 0, offset: 5 }]);
      assert.match((await bench.failure()).message, message);
    }
  });

  it('should report a broker that sends nothing but what is before the offset asked for', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(5);
    log.append(5);
    bench.brokers.onAnswer = (answer) => ({ ...answer, records: log.batches[0]?.bytes ?? null });
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 7 }]);
    assert.equal((await bench.failure()).code, 'CORRUPT_RECORD');
  });

  it('should report a topic that no broker knows, after a while', async () => {
    const bench = await Bench.open();
    bench.fetcher.assign([{ topic: 'missing', partition: 0, offset: 0 }]);
    const error = await bench.failure();
    assert.equal(error.code, 'TOPIC_NOT_FOUND');
    assert.ok(bench.clock.monotonicMs() >= 3_000);
  });

  it('should report a topic that was created anew, and read it when it is assigned again', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(10);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    await bench.read(log, 10);
    bench.brokers.topicIds.set('t', 'another-id');
    bench.brokers.onAnswer = (answer) => ({ ...answer, errorCode: 100, records: null });
    bench.brokers.appended();
    const error = await bench.failure();
    assert.equal(error.code, 'TOPIC_NOT_FOUND');
    assert.match(error.message, /another one was created under its name/);
    bench.brokers.onAnswer = (answer) => answer;
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 4 }]);
    assert.deepEqual(await bench.read(log, 16), [...upTo(10), ...upTo(6, 4)]);
  });

  it('should read from the follower that the leader names, and from the leader when that one is behind', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(10);
    bench.brokers.followers.set(log, 7);
    bench.brokers.onAnswer = (answer, _, brokerId) => {
      if (brokerId === 0) return { ...answer, records: null, preferredReadReplica: 7 };
      return answer;
    };
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    assert.deepEqual(await bench.read(log, 10), upTo(10));
    assert.equal(bench.brokers.requests.at(-1)?.brokerId, 7);
    bench.brokers.onAnswer = (answer, _, brokerId) =>
      brokerId === 7 ? { ...answer, errorCode: 1, records: null } : answer;
    log.append(10);
    bench.brokers.appended();
    assert.deepEqual(await bench.read(log, 20), upTo(20));
    assert.deepEqual(bench.failures, []);
    assert.equal(bench.brokers.requests.at(-1)?.brokerId, 0);
  });

  it('should send nothing while the broker throttles', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    for (let i = 0; i < 3; i += 1) log.append(1, { valueBytes: 2 * mebibyte });
    bench.brokers.throttleTimeMs = 5_000;
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    await bench.read(log, 1);
    const requests = bench.brokers.requests.length;
    await bench.clock.advance(4_000);
    assert.equal(bench.brokers.requests.length, requests);
    bench.brokers.throttleTimeMs = 0;
    assert.deepEqual(await bench.read(log, 3), upTo(3));
  });

  it('should fail the partition whose records are damaged, after those before the damage', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    log.append(10);
    log.append(10);
    log.batches[1]?.bytes.writeInt8(1, 70);
    bench.fetcher.assign([{ topic: 't', partition: 0, offset: 0 }]);
    const error = await bench.failure();
    assert.equal(error.code, 'CORRUPT_RECORD');
    assert.deepEqual(bench.offsets.get('t-0'), upTo(10));
  });

  it('should reject polls for good when the broker refuses the credentials', async () => {
    const bench = await Bench.open();
    const log = bench.brokers.log('t');
    bench.brokers.onRequest = () => {
      throw new KafkaError('AUTHENTICATION_FAILED', 'no', { kafkaCode: '_AUTHENTICATION', isFatal: true });
    };
    bench.fetcher.assign([{ topic: log.topic, partition: 0, offset: 0 }]);
    await assert.rejects(() => bench.poll(60_000), /no/);
    await assert.rejects(() => bench.poll(0), /no/);
  });

  it('should allow one poll at a time, and none after close', async () => {
    const bench = await Bench.open();
    const polling = bench.fetcher.poll(1_000);
    await assert.rejects(bench.fetcher.poll(0), /Another poll/);
    await bench.fetcher.close();
    await assert.rejects(bench.clock.run(polling), { code: 'CLIENT_CLOSED' });
    await assert.rejects(bench.fetcher.poll(0), { code: 'CLIENT_CLOSED' });
    assert.equal(bench.budget.usedBytes, 0);
  });
});

describe('memory of a WireFetcher', () => {
  it('should bound what is buffered while nobody polls', async () => {
    const bench = await Bench.open({ maxBufferedBytes: 8 * mebibyte });
    const logs = upTo(4).map((partition) => bench.brokers.log('t', partition));
    for (const log of logs) for (let i = 0; i < 40; i += 1) log.append(1, { valueBytes: mebibyte / 4 });
    bench.fetcher.assign(logs.map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
    await bench.clock.advance(10_000);
    assert.ok(bench.budget.usedBytes <= 8 * mebibyte, `${bench.budget.usedBytes} bytes`);
    assert.ok(bench.budget.usedBytes >= 4 * mebibyte, `${bench.budget.usedBytes} bytes`);
    for (const log of logs) assert.deepEqual(await bench.read(log, 40), upTo(40));
  });

  it('should carry a record of ten megabytes through a small budget, and count it', async () => {
    const bench = await Bench.open({ maxBufferedBytes: mebibyte });
    const [big, small] = [bench.brokers.log('big'), bench.brokers.log('small')];
    for (let i = 0; i < 50; i += 1) small.append(10, { valueBytes: 1_000 });
    big.append(1);
    big.append(1, { valueBytes: 10 * mebibyte });
    big.append(1);
    bench.fetcher.assign([small, big].map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
    await bench.clock.advance(1_000);
    assert.ok(bench.budget.usedBytes > 10 * mebibyte);
    assert.deepEqual(await bench.read(big, 3), upTo(3));
    assert.deepEqual(await bench.read(small, 500), upTo(500));
    assert.ok(bench.budget.usedBytes <= mebibyte, `${bench.budget.usedBytes} bytes`);
  });

  it('should let others read while paused partitions hold all they may', async () => {
    const bench = await Bench.open({ maxBufferedBytes: 8 * mebibyte });
    const paused = upTo(6).map((partition) => bench.brokers.log('paused', partition));
    const busy = bench.brokers.log('busy');
    for (const log of [...paused, busy]) for (let i = 0; i < 8; i += 1) log.append(1, { valueBytes: mebibyte / 2 });
    bench.fetcher.assign(paused.map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
    await bench.clock.advance(5_000);
    bench.fetcher.pause(paused);
    bench.fetcher.assign([{ topic: 'busy', partition: 0, offset: 0 }]);
    assert.deepEqual(await bench.read(busy, 8), upTo(8));
    bench.fetcher.resume(paused);
    for (const log of paused) assert.deepEqual(await bench.read(log, 8), upTo(8));
  });

  it('should not keep the response of all partitions alive for the records of one', async () => {
    const bench = await Bench.open();
    const logs = upTo(10).map((partition) => bench.brokers.log('t', partition));
    for (const log of logs) log.append(100);
    // As on a real connection: all partitions' records are views of one response.
    const whole = Buffer.concat(logs.map((log) => log.read(0, mebibyte, true)));
    bench.brokers.onAnswer = (answer) => {
      const { length } = answer.records ?? Buffer.alloc(0);
      return length === 0
        ? answer
        : { ...answer, records: whole.subarray(answer.partition * length).subarray(0, length) };
    };
    bench.fetcher.assign(logs.map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
    const { batches } = await bench.poll();
    for (const { records } of batches) {
      for (const { value } of records) assert.ok(value !== null && value.buffer.byteLength <= whole.length / 2);
    }
  });
});
