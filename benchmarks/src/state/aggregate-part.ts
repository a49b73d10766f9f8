import type { RunFigures } from '../common/stopwatch.js';
import { countRecords, createTopic, PARTITIONS, writeOrders } from '../common/topics.js';
import { compare, comparisonText, type Comparison } from '../common/ratios.js';
import { inTurn } from '../common/turns.js';
import { deleteTopics, runSide, type Setting } from './setting.js';
import { sharedSettings, type Engine, type Guarantee, type StateJob } from './state-job.js';

interface AggregateCase {
  readonly guarantee: Guarantee;
  readonly caching: boolean;
}

export interface AggregateRun extends AggregateCase, RunFigures {
  readonly engine: Engine;
  readonly round: number;
}

export interface AggregateSummary extends AggregateCase {
  readonly engine: Engine;
  readonly whole: Comparison;
  readonly warm: Comparison;
}

const CASES: readonly AggregateCase[] = (['at_least_once', 'exactly_once_v2'] as const).flatMap((guarantee) =>
  [false, true].map((caching) => ({ guarantee, caching })),
);
const OURS: readonly Engine[] = ['lmdb', 'memory'];
const SIDES: readonly Engine[] = ['rocksdb', ...OURS];

/** Count and sum per user over 10,000 users, with a changelog. */
export async function aggregatePart(setting: Setting) {
  const { admin, clients, options } = setting;
  const inputTopic = `bench-state-${process.pid}`;
  console.log(`Writing ${options.records} orders to ${PARTITIONS} partitions ...`);
  await createTopic(admin, inputTopic);
  try {
    await writeOrders(clients, inputTopic, options.records);
    const runs: AggregateRun[] = [];
    for (const aggregateCase of CASES) {
      for (let round = 1; round <= options.rounds; round++) {
        for (const engine of inTurn(SIDES, round)) {
          const figures = await runCase(setting, inputTopic, aggregateCase, engine, round);
          runs.push({ ...aggregateCase, engine, round, ...figures });
          const { whole, warm } = figures;
          const rates = [whole, warm].map(({ recordsPerSecond }) => Math.round(recordsPerSecond));
          console.log(`${caseText(aggregateCase)}, ${engine}: ${rates[0]} records/s, second half ${rates[1]}`);
        }
      }
    }
    const summary = summarise(runs);
    for (const { engine, warm, ...rest } of summary) {
      console.log(`second half, ${caseText(rest)}, ${engine}: ${comparisonText('Kafka Streams', warm)}`);
    }
    return { summary, runs };
  } finally {
    await deleteTopics(admin, [inputTopic]);
  }
}

async function runCase(
  setting: Setting,
  inputTopic: string,
  { guarantee, caching }: AggregateCase,
  engine: Engine,
  round: number,
): Promise<RunFigures> {
  const { admin, bootstrapServers, options } = setting;
  const groupId = `${inputTopic}-${guarantee}-${caching ? 'cached' : 'each'}-${engine}-${round}`;
  const outputTopic = `${groupId}-out`;
  await createTopic(admin, outputTopic);
  const job: Omit<StateJob, 'stateDir'> = {
    ...{
      work: 'aggregate',
      bootstrapServers,
      inputTopic,
      outputTopic,
      groupId,
      records: options.records,
      engine,
      caching,
    },
    ...sharedSettings(guarantee),
  };
  try {
    const figures = await runSide<RunFigures>(setting, job);
    await checkRun(setting, job);
    return figures;
  } finally {
    await deleteTopics(admin, [outputTopic, `${groupId}-totals-changelog`, `${groupId}-instances`]);
    await admin.deleteGroup(groupId).catch(() => undefined);
  }
}

/** All input is committed, and each update was written if no cache merged some. */
async function checkRun(
  { admin }: Setting,
  { groupId, inputTopic, outputTopic, records, ...job }: Omit<StateJob, 'stateDir'>,
) {
  const offsets = (await admin.groupOffsets(groupId)).filter(({ topic }) => topic === inputTopic);
  const committed = offsets.reduce((sum, { offset }) => sum + offset, 0);
  if (committed !== records) throw new Error(`${groupId} committed ${committed} of ${records} records.`);
  const written = await countRecords(admin, outputTopic);
  // The ends of transactions take offsets too.
  const isRight = job.guarantee === 'exactly_once_v2' ? written >= records : written === records;
  if (!job.caching && !isRight) throw new Error(`${groupId} wrote ${written} updates for ${records} records.`);
}

function summarise(runs: readonly AggregateRun[]): AggregateSummary[] {
  return CASES.flatMap(({ guarantee, caching }) => {
    const ofSide = (side: Engine, name: 'whole' | 'warm') =>
      runs
        .filter((run) => run.guarantee === guarantee && run.caching === caching && run.engine === side)
        .sort((left, right) => left.round - right.round)
        .map((run) => run[name]);
    return OURS.map((engine) => ({
      ...{ guarantee, caching, engine },
      whole: compare(ofSide(engine, 'whole'), ofSide('rocksdb', 'whole')),
      warm: compare(ofSide(engine, 'warm'), ofSide('rocksdb', 'warm')),
    }));
  });
}

function caseText({ guarantee, caching }: AggregateCase): string {
  return `${guarantee}, ${caching ? 'default cache' : 'every update'}`;
}
