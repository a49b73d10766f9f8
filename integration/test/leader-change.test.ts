import assert from 'node:assert/strict';
import { kafkaClients, type KafkaAdmin } from '@millrace/framework';
import { uniqueName, waitFor } from '@millrace/framework/testing';
import { startKafka, type LocalKafka } from '@millrace/local-kafka';
import { clientsWith, FETCHERS, type FetcherKind } from '../src/fetchers.js';
import { LiveReader, type SeenRecord } from '../src/live-reader.js';
import { TransactionLoad } from '../src/transaction-load.js';

const PARTITIONS = 6;
const RECORDS_PER_PARTITION = 5;
const PRODUCERS = 2;
/** How many records each reader must get before the next thing happens. */
const PROGRESS = 300;
const TIMEOUT_MS = 120_000;

interface History {
  readonly loads: readonly TransactionLoad[];
  readonly readers: ReadonlyMap<FetcherKind, LiveReader>;
  /** What is in each partition once all is quiet. */
  readonly committed: readonly (readonly SeenRecord[])[];
}

for (const brokers of [3, 1]) {
  describe(`reading while ${brokers === 1 ? 'the only broker' : 'each broker of three'} is killed and restarted`, function () {
    this.timeout(3 * TIMEOUT_MS);
    let kafka: LocalKafka;
    let history: History;

    before(async () => {
      kafka = await startKafka({ brokers, heapMb: 512 });
      history = await killInTurn(kafka);
    });

    after(() => kafka.stop());

    it('should keep what was committed, and nothing else', () => {
      const outcomes = new Map<string, string>();
      for (const { transactionalId, outcomes: ofLoad } of history.loads) {
        for (const [number, outcome] of ofLoad.entries()) outcomes.set(`${transactionalId} ${number}`, outcome);
      }
      const all = [...outcomes.values()];
      assert.ok(all.filter((outcome) => outcome === 'committed').length > 20, all.join(' '));
      assert.ok(all.includes('aborted'));
      for (const records of history.committed) assertTransactions(records, outcomes);
    });

    for (const fetcher of FETCHERS) {
      it(`should read every record once and in order with the ${fetcher} fetcher`, () => {
        const reader = history.readers.get(fetcher);
        assert.ok(reader);
        assert.deepEqual(reader.failures, []);
        for (const [partition, expected] of history.committed.entries()) {
          const seen: readonly SeenRecord[] = reader.records[partition] ?? [];
          const place = expected.findIndex((record, i) => String(seen[i]?.offset) !== String(record.offset));
          assert.equal(
            place,
            -1,
            `partition ${partition}: ${aroundText(seen, place)} for ${aroundText(expected, place)}`,
          );
          assert.deepEqual(seen, expected);
        }
      });
    }
  });
}

function aroundText(records: readonly SeenRecord[], place: number): string {
  return records
    .slice(Math.max(0, place - 2), place + 3)
    .map(({ offset, value }) => `${offset} (${value})`)
    .join(', ');
}

/** Transactions whole or not at all, as their producers know; records in the order in which they were produced. */
function assertTransactions(records: readonly SeenRecord[], outcomes: ReadonlyMap<string, string>): void {
  const seen = new Map<string, number>();
  const lastNumbers = new Map<string, number>();
  for (const { value } of records) {
    const [id = '', number = '', index = ''] = value.split(' ');
    const transaction = `${id} ${number}`;
    assert.equal(Number(index), seen.get(transaction) ?? 0, `order in transaction ${transaction}`);
    seen.set(transaction, Number(index) + 1);
    assert.ok(Number(number) >= (lastNumbers.get(id) ?? 0), `order of the transactions of ${id}`);
    lastNumbers.set(id, Number(number));
  }
  for (const [transaction, outcome] of outcomes) {
    const count = seen.get(transaction) ?? 0;
    if (outcome === 'committed') assert.equal(count, RECORDS_PER_PARTITION, `${transaction} was committed`);
    else if (outcome === 'aborted') assert.equal(count, 0, `${transaction} was aborted`);
    else assert.ok(count === 0 || count === RECORDS_PER_PARTITION, `${transaction} is there in part: ${count}`);
  }
}

/** Kills and restarts one broker after the other while transactions are written and read. */
async function killInTurn(kafka: LocalKafka): Promise<History> {
  const connection = { bootstrapServers: kafka.bootstrapServers };
  const admin = kafkaClients(connection).admin();
  await admin.connect();
  const topic = uniqueName('leaders');
  await admin.createTopic({ topic, partitions: PARTITIONS });
  const loads = Array.from({ length: PRODUCERS }, (_, i) => {
    const options = { topic, partitions: PARTITIONS, recordsPerPartition: RECORDS_PER_PARTITION };
    return new TransactionLoad(connection, { ...options, transactionalId: `${topic}-${i}` });
  });
  const readers = new Map(
    FETCHERS.map((fetcher) => [
      fetcher,
      new LiveReader(clientsWith(fetcher, connection), topic, PARTITIONS, 'read_committed'),
    ]),
  );
  const everybody = [...readers.values()];
  try {
    await progress(everybody, 'the beginning');
    for (const broker of kafka.brokers) {
      await broker.kill();
      if (kafka.brokers.length > 1) await progress(everybody, `broker ${broker.id} is gone`);
      await broker.restart();
      await progress(everybody, `broker ${broker.id} is back`);
    }
    for (const load of loads) await load.stop();
    const ends = await stableEnds(admin, topic);
    const isRead = (): boolean =>
      everybody.every(({ positions }) => ends.every((end, i) => (positions[i] ?? 0) >= end));
    await waitFor(isRead, `everything is read to ${ends.join(', ')}`, TIMEOUT_MS);
    for (const reader of everybody) await reader.stop();
    return { loads, readers, committed: await readAgain(connection, topic, ends) };
  } finally {
    await Promise.allSettled([...loads, ...everybody].map((each) => each.stop()));
    await admin.close();
  }
}

async function progress(readers: readonly LiveReader[], since: string): Promise<void> {
  const before = readers.map(({ count }) => count);
  const hasMoved = (): boolean => readers.every(({ count }, i) => count >= (before[i] ?? 0) + PROGRESS);
  try {
    await waitFor(hasMoved, `${PROGRESS} records more since ${since}`, TIMEOUT_MS);
  } catch (cause) {
    const counts = readers.map(({ count }, i) => `${count - (before[i] ?? 0)}`).join(', ');
    throw new Error(`The readers got only ${counts} records (${FETCHERS.join(', ')}).`, { cause });
  }
}

/** End of each partition once no transaction is open. */
async function stableEnds(admin: KafkaAdmin, topic: string): Promise<number[]> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
  let ends: number[] = [];
  await waitFor(
    async () => {
      const stable = await admin.listOffsets(partitions, 'latest', 'read_committed');
      const high = await admin.listOffsets(partitions, 'latest', 'read_uncommitted');
      ends = partitions.map(({ partition }) => high.find((each) => each.partition === partition)?.offset ?? 0);
      return stable.every(({ partition, offset }) => ends[partition] === offset);
    },
    'no transaction is open',
    TIMEOUT_MS,
  );
  return ends;
}

/** What a reader that comes when all is over finds. */
async function readAgain(connection: { bootstrapServers: string }, topic: string, ends: readonly number[]) {
  const reader = new LiveReader(clientsWith('addon', connection), topic, PARTITIONS, 'read_committed');
  const isRead = (): boolean => ends.every((end, i) => (reader.positions[i] ?? 0) >= end);
  await waitFor(isRead, 'all is read again', TIMEOUT_MS);
  await reader.stop();
  return reader.records;
}
