import type { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import type { Logger } from '../../dist/telemetry/logger.js';
import type { VirtualClock } from '../../dist/time/virtual-clock.js';
import type { Faults } from './faults.js';
import type { HistorySettings } from './history-settings.js';
import type { Life } from './probe.js';
import { ADDITIONAL_RETENTION_MS } from './store-kinds.js';
import { ProcessDied, type SimulatedDisk } from './simulated-disk.js';
import type { Workload } from './workload.js';

export interface ProcessDeps {
  readonly settings: HistorySettings;
  readonly kafka: MemoryKafka;
  readonly clock: VirtualClock;
  readonly faults: Faults;
  readonly workload: Workload;
  readonly logger: Logger;
  readonly trace: (line: () => string) => void;
  readonly onViolation: (message: string) => void;
}

/** How a life ended: killed, closed on request, or by an error of its own. */
export type Ending = 'killed' | 'closed' | { readonly error: unknown };

/** A process of the application, with one life after the other. Its disk is given at the start of each. */
export class SimulatedProcess {
  readonly endings: Ending[] = [];
  disk: SimulatedDisk | undefined;
  #life = 0;
  #current: { readonly client: StreamsClient; readonly die: (ending: Ending) => void; isAlive: boolean } | undefined;

  constructor(
    readonly identity: string,
    private readonly deps: ProcessDeps,
  ) {}

  get isUp(): boolean {
    return this.#current !== undefined;
  }

  get client(): StreamsClient | undefined {
    return this.#current?.client;
  }

  /** Begins a life. Resolves when it has ended. */
  async live(disk: SimulatedDisk): Promise<void> {
    const { kafka, trace } = this.deps;
    this.disk = disk;
    const number = ++this.#life;
    let die!: (ending: Ending) => void;
    const died = new Promise<Ending>((resolve) => {
      die = resolve;
    });
    const life: Life = { identity: this.identity, life: number, isAlive: () => current.isAlive };
    const client = this.#newClient(life, disk);
    const current = { client, die, isAlive: true };
    this.#current = current;
    trace(() => `${this.identity} begins life ${number} on ${disk.name}`);
    client.start().then(
      () =>
        client.closed.then(
          () => die('closed'),
          (error: unknown) => die({ error }),
        ),
      (error: unknown) => die({ error }),
    );
    const ending = await died;
    const locked = disk.tasksOf(this.identity);
    if (ending === 'closed' && locked.length > 0) {
      this.deps.onViolation(`${this.identity} closed and left the state of ${locked.join(', ')} open`);
    }
    // Whatever is left of it is a ghost from now on.
    current.isAlive = false;
    kafka.crash(this.identity);
    this.#current = undefined;
    this.endings.push(ending);
    trace(() => `${this.identity} ended life ${number}: ${typeof ending === 'string' ? ending : String(ending.error)}`);
  }

  /** Dies at once. */
  kill(): void {
    const current = this.#current;
    if (current === undefined) return;
    current.isAlive = false;
    this.deps.kafka.crash(this.identity);
    current.die('killed');
  }

  /** Stops as on SIGTERM. Resolves when it is over, whatever came of it. */
  async stop(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.deps.trace(() => `${this.identity} is asked to stop`);
    try {
      await current.client.close();
    } catch (error) {
      // A process that did not close in time ends nevertheless.
      current.die({ error });
    }
  }

  #newClient(life: Life, disk: SimulatedDisk): StreamsClient {
    const { kafka, workload, faults } = this.deps;
    const options = { ...this.#options(), kafka: kafka.clients(this.identity) };
    return new StreamsClient(workload.topology(life), options, () =>
      disk.open({
        identity: this.identity,
        isAlive: life.isAlive,
        onWrite: (taskId, when) => {
          if (!faults.strikesWrite(this.identity, `${when} writing state of ${taskId}`)) return;
          throw new ProcessDied(`${this.identity} died at a write`);
        },
      }),
    );
  }

  #options(): Omit<StreamsOptions, 'kafka'> {
    const { settings, clock, logger, workload } = this.deps;
    const { flushIntervalMs, flushBytes, earlyWriteBytes, lingerMs, maxBufferedBytes } = settings;
    return {
      applicationId: 'app',
      clock,
      logger,
      ...workload.options,
      ...(settings.isStatic ? { groupInstanceId: this.identity } : {}),
      windowChangelogAdditionalRetentionMs: ADDITIONAL_RETENTION_MS,
      processingGuarantee: settings.isExactlyOnce ? 'exactly_once_v2' : 'at_least_once',
      groupProtocol: settings.protocol,
      commitIntervalMs: settings.commitIntervalMs,
      transactionTimeoutMs: settings.transactionTimeoutMs,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      maxPollIntervalMs: settings.maxPollIntervalMs,
      maxPollRecords: settings.maxPollRecords,
      bufferedRecordsPerPartition: settings.bufferedRecordsPerPartition,
      maxTaskIdleMs: settings.maxTaskIdleMs,
      cacheMaxBytes: settings.cacheMaxBytes,
      // Where standbys are follows from the ids of the processes; without disks those are new in each run.
      numStandbyReplicas: settings.engine === 'lmdb' ? settings.numStandbyReplicas : 0,
      stateFlush: { flushIntervalMs, flushBytes, earlyWriteBytes },
      repartitionPurgeIntervalMs: settings.repartitionPurgeIntervalMs,
      // The native client lets no record outlive its transaction.
      producer: {
        ...{ lingerMs, maxBufferedBytes, ...workload.options.producer },
        deliveryTimeoutMs: settings.isExactlyOnce ? Math.min(20_000, settings.transactionTimeoutMs) : 20_000,
      },
      taskTimeoutMs: settings.taskTimeoutMs,
      closeTimeoutMs: 30_000,
      uncaughtHandler: () => (settings.replacesLoop ? 'replace' : 'shutdown'),
    };
  }
}
