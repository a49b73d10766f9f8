import {
  ContextualProcessor,
  serdes,
  Stores,
  StreamsBuilder,
  StreamsClient,
  type StreamRecord,
} from '@millrace/framework';
import { EVENT_LOOP, type Gap, type PauseMessage } from './pause-messages.js';
import type { StateJob } from './state-job.js';

/* One process of the pause test. It notes each gap between two records of a task. */

const STATUS_INTERVAL_MS = 20;
const NOTED_FROM_MS = 5;

const job = JSON.parse(process.env['MILLRACE_BENCH_JOB'] ?? '{}') as StateJob;
const gaps: Gap[] = [];

class Noting extends ContextualProcessor<string, string, string, string> {
  #lastMs: number | undefined;

  override process(_record: StreamRecord<string, string>): void {
    const nowMs = performance.timeOrigin + performance.now();
    const ms = nowMs - (this.#lastMs ?? nowMs);
    this.#lastMs = nowMs;
    if (ms >= NOTED_FROM_MS) gaps.push({ task: this.context.taskId.toString(), endMs: nowMs, ms });
  }
}

const builder = new StreamsBuilder();
builder.addStateStore(Stores.keyValueStore({ name: 'table', keySerde: serdes.string, valueSerde: serdes.bytes }));
builder
  .stream(job.inputTopic, { keySerde: serdes.string, valueSerde: serdes.string })
  .process(() => new Noting(), { stores: ['table'] });
const client = new StreamsClient(builder.build(), {
  applicationId: job.groupId,
  kafka: { bootstrapServers: job.bootstrapServers },
  processingGuarantee: job.guarantee,
  stateDir: job.stateDir,
});

let restore = { restoreStartMs: 0, restoreEndMs: 0 };
let wasRestoring = false;
let lastTickMs = performance.timeOrigin + performance.now();
const timer = setInterval(() => {
  const nowMs = performance.timeOrigin + performance.now();
  const lateMs = nowMs - lastTickMs - STATUS_INTERVAL_MS;
  lastTickMs = nowMs;
  if (lateMs >= NOTED_FROM_MS) gaps.push({ task: EVENT_LOOP, endMs: nowMs, ms: lateMs });
  const restoring = client.metrics.restore?.tasks ?? 0;
  if (restoring > 0 && !wasRestoring) restore = { restoreStartMs: nowMs, restoreEndMs: nowMs };
  if (restoring > 0) restore = { ...restore, restoreEndMs: nowMs };
  wasRestoring = restoring > 0;
  const running = [...client.tasks].filter(([, phase]) => phase === 'running').map(([task]) => task);
  say({ kind: 'status', running, restoring });
}, STATUS_INTERVAL_MS);

process.on('message', (message) => {
  if (message === 'report') {
    say({ kind: 'report', gaps, ...restore, restoredRecords: client.metrics.restore?.restoredRecords ?? 0 });
  } else void client.close();
});
process.once('disconnect', () => process.exit(1));
await client.start();
await client.closed;
clearInterval(timer);
process.exit(0);

function say(message: PauseMessage): void {
  if (process.connected) process.send?.(message);
}
