import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClients, type KafkaAdmin, type KafkaClientFactory } from '@millrace/framework';
import { withKafka, type BenchmarkKafka } from '../common/benchmark-kafka.js';
import type { Job } from '../common/job.js';
import { runProcess } from '../common/run-process.js';
import type { RunFigures, Stretch } from '../common/stopwatch.js';
import { createTopic, PARTITIONS, writeOrders } from '../common/topics.js';
import { createChangelog, writeChangelog } from '../state/restore-part.js';
import { deleteTopics } from '../state/setting.js';
import { sharedSettings, type StateJob } from '../state/state-job.js';
import { readProfileOptions, type ProfileCase } from './options.js';
import { summariseProfile, type CpuProfile } from './top-functions.js';

/*
 * Where the main thread of a Millrace process spends its time: runs the work of `stateless` and `state` under V8's
 * profiler and prints the functions with the most time of their own, as rows of Markdown.
 */

const STATELESS = new URL('../stateless/millrace-service.js', import.meta.url);
const STATE = new URL('../state/millrace-service.js', import.meta.url);
const options = readProfileOptions();

await withKafka(profile);

async function profile({ bootstrapServers }: BenchmarkKafka): Promise<void> {
  const clients = kafkaClients({ bootstrapServers });
  const admin = clients.admin();
  await admin.connect();
  const inputTopic = `bench-profile-${process.pid}`;
  try {
    await createTopic(admin, inputTopic);
    if (options.cases.some((name) => !name.startsWith('restore'))) {
      console.log(`Writing ${options.records} orders ...`);
      await writeOrders(clients, inputTopic, options.records);
    }
    for (const name of options.cases) await profileCase(name, inputTopic, { bootstrapServers, clients, admin });
  } finally {
    await admin.deleteTopic(inputTopic);
    await admin.close();
  }
}

interface Cluster {
  readonly bootstrapServers: string;
  readonly clients: KafkaClientFactory;
  readonly admin: KafkaAdmin;
}

async function profileCase(name: ProfileCase, inputTopic: string, cluster: Cluster): Promise<void> {
  const { admin, clients, bootstrapServers } = cluster;
  const groupId = `${inputTopic}-${name}`;
  const outputTopic = `${groupId}-out`;
  const job: Job = { bootstrapServers, inputTopic, outputTopic, groupId, records: options.records };
  const directory = await mkdtemp(join(tmpdir(), 'millrace-profile-'));
  await createTopic(admin, outputTopic);
  try {
    const changelog = `${groupId}-table-changelog`;
    if (name.startsWith('restore')) {
      await createChangelog(admin, changelog, PARTITIONS);
      await writeChangelog(clients, changelog, options.records, PARTITIONS);
    }
    const figures = await run(name, job, directory);
    const warm = 'warm' in figures ? figures.warm : figures;
    const [file] = (await readdir(directory)).filter((entry) => entry.endsWith('.cpuprofile'));
    if (file === undefined) throw new Error(`${name} left no profile.`);
    const { top } = summariseProfile(
      JSON.parse(await readFile(join(directory, file), 'utf8')) as CpuProfile,
      options.top,
    );
    const cost = `${warm.cpuMicrosPerRecord.toFixed(1)} us CPU/record (all threads, profiler included)`;
    console.log(`\n${name}: ${Math.round(warm.recordsPerSecond)} records/s, ${cost}\n`);
    for (const { name: function_, share } of top) console.log(`| ${function_} | ${(share * 100).toFixed(1)} % |`);
  } finally {
    const internal = [`${groupId}-totals-changelog`, `${groupId}-table-changelog`, `${groupId}-instances`];
    await deleteTopics(admin, [outputTopic, ...internal]);
    await admin.deleteGroup(groupId).catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  }
}

function run(name: ProfileCase, job: Job, directory: string): Promise<RunFigures | Stretch> {
  if (name === 'stateless') return runProcess<RunFigures>(STATELESS, job, directory);
  const stateJob: StateJob = {
    ...job,
    ...sharedSettings('at_least_once'),
    work: name.startsWith('restore') ? 'restore' : 'aggregate',
    engine: name.endsWith('lmdb') ? 'lmdb' : 'memory',
    caching: false,
    stateDir: join(directory, 'state'),
  };
  return runProcess<RunFigures | Stretch>(STATE, stateJob, directory);
}
