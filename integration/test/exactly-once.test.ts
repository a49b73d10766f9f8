import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaClients, type KafkaAdmin } from '@millrace/framework';
import { waitFor } from '@millrace/framework/testing';
import { startKafka } from '@millrace/local-kafka';
import { TESTED_FETCHERS, type FetcherKind } from '../src/fetchers.js';
import { killServices, type ServiceProcess } from '../src/service-process.js';
import { newPlace, ServiceUnderTest, useService } from '../src/service-under-test.js';
import { Load } from '../src/topic-access.js';
import { TransactionWatch } from '../src/transaction-watch.js';

const PARTITIONS = 6;
const KEYS = 60;
const PROCESSES = 3;
/** How long the attack goes on, s; MILLRACE_ATTACK_SECONDS=300 is the long form. */
const ATTACK_SECONDS: Readonly<Record<FetcherKind, number>> = {
  wire: Number(process.env['MILLRACE_ATTACK_SECONDS'] ?? 25),
  addon: Number(process.env['MILLRACE_ATTACK_SECONDS'] ?? 15),
};
/** Of the services: the default. The test's brokers look for overdue transactions twice a second. */
const TRANSACTION_TIMEOUT_MS = 10_000;
/** What finding an overdue transaction, aborting it and seeing that from outside may take on a busy machine, ms. */
const TRANSACTION_TOLERANCE_MS = 5_000;
/** Of so many attacks one kills all processes, which stay away until their transactions are overdue. */
const OUTAGE_EACH = 4;
const SEED = Number(process.env['MILLRACE_ATTACK_SEED'] ?? Date.now() % 1_000_000);

/** Numbers that a seed repeats (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function loadOf({ place }: ServiceUnderTest): Load {
  const { input: topic, partitions } = place;
  return new Load(place.connection, { topic, partitions, keys: KEYS, recordsPerSecond: 4000 });
}

/** Waits until nothing is left to do; says what the processes logged if that does not come. */
async function finish(counting: ServiceUnderTest, processes: readonly ServiceProcess[]): Promise<void> {
  try {
    await waitFor(() => counting.committedAll(), 'all input is committed', 120_000);
  } catch (cause) {
    const logs = processes.map(({ pid, output }) => `--- ${pid}\n${output.slice(-3000)}`).join('\n');
    throw new Error(`the input was not committed (seed ${SEED})\n${logs}`, { cause });
  }
  // One that has only just begun knows no signals yet.
  const isUp = ({ output }: ServiceProcess): boolean => output.includes('Partitions assigned');
  await waitFor(() => processes.every(isUp), 'all processes are in the group', 120_000);
  for (const process of processes) process.kill('SIGTERM');
  for (const process of processes) assert.equal((await process.exited).code, 0, process.output.slice(-3000));
}

/** Every key's counts must be 1, 2, 3, ... up to the number of its records: nothing lost, nothing twice. */
async function assertExact(counting: ServiceUnderTest, sent: ReadonlyMap<string, number>): Promise<void> {
  const counts = new Map<string, number[]>();
  for (const { key, value } of await counting.read()) {
    const name = key?.toString() ?? '';
    const seen = counts.get(name) ?? [];
    seen.push(Number(value?.readBigInt64BE()));
    counts.set(name, seen);
  }
  for (const [key, total] of sent) {
    const seen = counts.get(key) ?? [];
    const wrong = seen.findIndex((count, index) => count !== index + 1);
    assert.equal(wrong, -1, `${key}: at place ${wrong} came ${seen[wrong]} after ${seen[wrong - 1]} (seed ${SEED})`);
    assert.equal(seen.length, total, `${key} (seed ${SEED})`);
  }
}

for (const fetcher of TESTED_FETCHERS) {
  const seconds = ATTACK_SECONDS[fetcher];

  describe(`exactly once on a real broker with the ${fetcher} fetcher`, function () {
    this.timeout((seconds + 180) * 1000);
    const service = useService('count-service', PARTITIONS, fetcher);

    it(`should count exactly while processes are killed at random moments (seed ${SEED})`, async () => {
      const random = randomNumbers(SEED);
      const { place } = service();
      const processes = Array.from({ length: PROCESSES }, () => service().start());
      const load = loadOf(service());
      const output = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: place.output, partition }));
      const transactions = new TransactionWatch(place.connection, output);
      const end = Date.now() + seconds * 1000;
      let kills = 0;
      while (Date.now() < end) {
        await sleep(500 + random() * 4000);
        const isOutage = ++kills % OUTAGE_EACH === 0;
        if (isOutage) await waitFor(() => transactions.isOpen, 'a transaction is open', 60_000);
        const victims = isOutage ? [...processes.keys()] : [Math.floor(random() * PROCESSES)];
        for (const victim of victims) processes[victim]?.kill('SIGKILL');
        for (const victim of victims) await processes[victim]?.exited;
        // Nobody comes back under a victim's transactional id, so the broker has to end its transaction.
        await sleep(isOutage ? TRANSACTION_TIMEOUT_MS + 3_000 : random() * 1500);
        for (const victim of victims) processes[victim] = service().start();
      }
      await load.stop();
      await finish(service(), processes);
      await transactions.stop();
      assert.ok(kills >= 3, `only ${kills} kills`);
      await assertExact(service(), load.sent);
      const longestMs = Math.round(transactions.longestMs);
      console.log(`      ${kills} kills; readers waited ${longestMs} ms at most for an open transaction`);
      assert.ok(
        longestMs <= TRANSACTION_TIMEOUT_MS + TRANSACTION_TOLERANCE_MS,
        `readers waited ${longestMs} ms for a transaction with a time-out of ${TRANSACTION_TIMEOUT_MS} ms (seed ${SEED})`,
      );
    });
  });
}

/** A service in two processes on a cluster of three brokers, and its load. */
class Counting {
  readonly load: Load;
  readonly processes: readonly ServiceProcess[];

  private constructor(readonly service: ServiceUnderTest) {
    this.processes = [1, 2].map(() => service.start({ TEST_REPLICATION: '3' }));
    this.load = loadOf(service);
  }

  static async start(fetcher: FetcherKind, bootstrapServers: string, admin: KafkaAdmin): Promise<Counting> {
    const place = await newPlace('count-service', { bootstrapServers, fetcher }, PARTITIONS);
    for (const topic of [place.input, place.output]) {
      await admin.createTopic({ topic, partitions: PARTITIONS, replicationFactor: 3 });
    }
    return new Counting(new ServiceUnderTest('count-service', place, admin));
  }

  async assertExact(): Promise<void> {
    await this.load.stop();
    await finish(this.service, this.processes);
    await assertExact(this.service, this.load.sent);
  }
}

describe(`exactly once on three brokers (${TESTED_FETCHERS.join(' and ')} fetcher)`, function () {
  this.timeout(480_000);

  it('should count exactly while one broker after the other is killed and restarted', async () => {
    const cluster = await startKafka({ brokers: 3, heapMb: 512 });
    const admin = kafkaClients({ bootstrapServers: cluster.bootstrapServers }).admin();
    await admin.connect();
    const all: Counting[] = [];
    try {
      for (const fetcher of TESTED_FETCHERS) all.push(await Counting.start(fetcher, cluster.bootstrapServers, admin));
      const work = async (): Promise<boolean> => {
        for (const { service } of all) if ((await service.read()).length < 1000) return false;
        return true;
      };
      await waitFor(work, 'the services work', 180_000);
      for (const broker of cluster.brokers.slice(0, 2)) {
        await broker.kill();
        await sleep(3_000);
        await broker.restart();
        await sleep(3_000);
      }
      for (const counting of all) await counting.assertExact();
    } finally {
      await killServices();
      for (const { load } of all) await load.stop().catch(() => undefined);
      await admin.close();
      await cluster.stop();
      for (const { service } of all) await rm(service.place.stateDir, { recursive: true, force: true });
    }
  });
});
