import type { KafkaAdmin } from '@millrace/framework';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDelayTable } from '../check/delay-table.js';
import { countIndependently } from '../check/independent-count.js';
import { delaysIndependently } from '../check/independent-delays.js';
import { OutputReader } from '../check/output-reader.js';
import { AIRPORT_DELAYS_STORE } from '../flight-etl.js';
import { createTopics } from '../loader/create-topics.js';
import { flightFile, RECORDS_OF_SET } from '../loader/flight-files.js';
import { FlightLoader, spoiledRecords, type LoadResult } from '../loader/flight-loader.js';
import { allTopics, flightTopics, type FlightTopics } from '../topics.js';
import { bringUpKafka, memoryKafka, type DemoKafka } from './demo-kafka.js';
import { PARTITIONS, type DemoOptions } from './demo-options.js';
import { ServiceProgress, type ProcessingTime } from './service-progress.js';
import {
  busiestTable,
  countsAgree,
  delayVerdict,
  delaysAgree,
  printExamples,
  summaryTable,
  verdict,
  type DemoResult,
} from './summary.js';
import { formatCount, formatSeconds, type Terminal } from './terminal.js';

/**
 * The demo from beginning to end: brings up a Kafka, writes flights into it, runs the service over them, and compares
 * what it finds in Kafka afterwards with an independent count.
 *
 * Whatever it started is stopped when {@link run} is over, also after an error or an abort.
 */
export class Demo {
  private readonly startedAtMs = performance.now();

  constructor(
    private readonly options: DemoOptions,
    private readonly terminal: Terminal,
    private readonly signal: AbortSignal,
  ) {}

  /** Resolves to whether the counts agree. */
  async run(): Promise<boolean> {
    const { terminal } = this;
    terminal.line(
      terminal.paint('bold', 'Millrace demo: US domestic flights of 2001, validated, normalised, routed and counted'),
    );
    terminal.line();
    const kafka = await this.bringUpKafka();
    try {
      const result = await this.runOn(kafka);
      this.report(result);
      return countsAgree(result) && delaysAgree(result);
    } finally {
      await kafka.stop();
    }
  }

  private async bringUpKafka(): Promise<DemoKafka> {
    const startMs = performance.now();
    this.terminal.step('Kafka', 'looking for one ...');
    const kafka = this.options.inMemory ? memoryKafka() : await bringUpKafka((line) => this.terminal.detail(line));
    this.terminal.detail(`${kafka.description}, ready after ${formatSeconds(performance.now() - startMs)}`);
    return kafka;
  }

  private async runOn(kafka: DemoKafka): Promise<DemoResult> {
    const topics = flightTopics(kafka.topicPrefix);
    const admin = kafka.clients.admin();
    await admin.connect();
    try {
      this.signal.throwIfAborted();
      const loaded = await this.load(kafka, admin, topics);
      const { durationMs } = await this.serve(kafka, admin, topics, loaded.records);
      return await this.check(kafka, topics, loaded.records, durationMs);
    } finally {
      if (kafka.isForeign) await removeTraces(admin, topics, kafka.applicationId);
      await admin.close();
    }
  }

  private async load(kafka: DemoKafka, admin: KafkaAdmin, topics: FlightTopics): Promise<LoadResult> {
    const { terminal, signal } = this;
    const startMs = performance.now();
    terminal.step('Load', `${this.options.flights} flights of the package vega-datasets into topic ${topics.flights}`);
    await createTopics(admin, topics, PARTITIONS);
    const loader = new FlightLoader(kafka.clients, (records) => {
      signal.throwIfAborted();
      terminal.progress(records / RECORDS_OF_SET[this.options.flights], `${formatCount(records)} written`);
    });
    const loaded = await loader.load(flightFile(this.options.flights), {
      topic: topics.flights,
      partitions: PARTITIONS,
    });
    const cancelled = loaded.treatments.get('cancelled') ?? 0;
    terminal.detail(
      `${formatCount(loaded.records)} records in ${PARTITIONS} partitions after ${formatSeconds(performance.now() - startMs)}; ` +
        `${formatCount(cancelled)} made cancelled, ${formatCount(spoiledRecords(loaded))} spoiled on purpose`,
    );
    return loaded;
  }

  private async serve(
    kafka: DemoKafka,
    admin: KafkaAdmin,
    topics: FlightTopics,
    recordsIn: number,
  ): Promise<ProcessingTime> {
    const { terminal } = this;
    const startMs = performance.now();
    terminal.step('Service', 'starting ...');
    const stateDir = await mkdtemp(join(tmpdir(), 'millrace-demo-'));
    const runner = await kafka.startService(this.options.processes, stateDir);
    try {
      const progress = new ServiceProgress(admin, topics, this.signal);
      const members = kafka.isInMemory ? 1 : this.options.processes;
      const running = progress.waitUntilRunning(kafka.applicationId, members, PARTITIONS).then(() => {
        const nowMs = performance.now();
        terminal.detail(
          `${runner.description} running after ${formatSeconds(nowMs - startMs)}, ` +
            `${formatSeconds(nowMs - this.startedAtMs)} after the start of the demo`,
        );
      });
      await Promise.race([running, runner.failed]);
      const done = progress.waitUntilDone(kafka.applicationId, recordsIn, (records, elapsedMs) => {
        const rate = elapsedMs > 0 ? `${formatCount(records / (elapsedMs / 1000))} records/s` : '';
        terminal.progress(records / recordsIn, `${formatCount(records)} of ${formatCount(recordsIn)}  ${rate}`);
      });
      return await Promise.race([done, runner.failed]);
    } finally {
      await runner.stop().finally(() => rm(stateDir, { recursive: true, force: true }));
    }
  }

  private async check(
    kafka: DemoKafka,
    topics: FlightTopics,
    recordsIn: number,
    durationMs: number,
  ): Promise<DemoResult> {
    this.terminal.step('Check', 'reading the results back from Kafka, and counting the file with DuckDB');
    const file = flightFile(this.options.flights);
    const [output, expected, delays, expectedDelays] = await Promise.all([
      new OutputReader(kafka.clients, topics, 8).read(),
      countIndependently(file),
      readDelayTable(kafka.clients, topics.airportDelays),
      delaysIndependently(file),
    ]);
    this.signal.throwIfAborted();
    return { topics, recordsIn, output, expected, delays, expectedDelays, durationMs };
  }

  private report(result: DemoResult): void {
    const { terminal } = this;
    terminal.line();
    for (const line of summaryTable(result)) terminal.line(line);
    terminal.line();
    terminal.line(terminal.paint('bold', 'Examples, as they stand in Kafka'));
    printExamples(terminal, result);
    terminal.line();
    terminal.line(terminal.paint('bold', 'Delays at the five busiest airports, as the last rows in Kafka say'));
    for (const line of busiestTable(result)) terminal.line(line);
    terminal.line();
    terminal.line(terminal.paint(countsAgree(result) ? 'green' : 'red', verdict(result)));
    terminal.line(terminal.paint(delaysAgree(result) ? 'green' : 'red', delayVerdict(result)));
  }
}

/** On a cluster that was there before, the demo leaves nothing behind. */
async function removeTraces(admin: KafkaAdmin, topics: FlightTopics, groupId: string): Promise<void> {
  const changelog = `${groupId}-${AIRPORT_DELAYS_STORE}-changelog`;
  const existing = await admin.describeTopics([...allTopics(topics), changelog, `${groupId}-instances`]);
  for (const { topic } of existing) await admin.deleteTopic(topic);
  await admin.deleteGroup(groupId).catch(() => undefined);
}
