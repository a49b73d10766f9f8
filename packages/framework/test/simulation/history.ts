import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import type { ClientCall, Injection } from '../../dist/client/memory/failure-injection.js';
import { ProductionError } from '../../dist/errors/errors.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Faults, HOLDS } from './faults.js';
import { unsettledGroup } from './group-check.js';
import { settingsOf, type HistorySettings } from './history-settings.js';
import { OffsetCheck } from './offset-check.js';
import { Probe } from './probe.js';
import { Random } from './random.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedProcess, type Ending } from './simulated-process.js';
import { StoreCheck } from './store-check.js';
import { ADDITIONAL_RETENTION_MS, RETENTION_MS, type StoreKind } from './store-kinds.js';
import { TraceLog } from './trace-log.js';
import { checkRuns, checkTicks, demand, Violation, type Workload } from './workload.js';
import { workloadOf } from './workloads.js';

/** How long a history may take in peace until all input is processed, virtual ms. */
const SETTLE_LIMIT_MS = 120_000;
/** How long anything may take, virtual ms. */
const HISTORY_LIMIT_MS = 400_000;
/** Steps of the clock without any time passing: a loop that spins. */
const SPIN_LIMIT = 50_000;

export interface HistoryResult {
  readonly settings: HistorySettings;
  /** Undefined: all is well. */
  readonly violation: string | undefined;
  readonly trace: readonly string[];
  readonly failures: number;
  readonly crashes: number;
  readonly endings: readonly Ending[];
  readonly virtualMs: number;
}

/** One run of an application through failures, then in peace, and the checks of what it has left behind. */
export class History {
  readonly #settings: HistorySettings;
  readonly #clock = new VirtualClock(1_000_000);
  readonly #random: Random;
  readonly #kafka: MemoryKafka;
  readonly #probe = new Probe();
  readonly #workload: Workload;
  readonly #faults: Faults;
  readonly #offsets: OffsetCheck;
  readonly #stores: StoreCheck;
  readonly #trace: TraceLog;
  readonly #processes: SimulatedProcess[];
  readonly #disks: SimulatedDisk[] = [];
  readonly #wanted = new Set<SimulatedProcess>();
  #phase = 'feeding';
  #isOver = false;
  #violation: Violation | undefined;

  constructor(seed: number, isTraced = false) {
    const settings = settingsOf(seed);
    this.#settings = settings;
    this.#random = new Random(seed ^ 0x2545f491);
    this.#trace = new TraceLog(isTraced, this.#clock);
    const { sessionTimeoutMs: groupSessionTimeoutMs } = settings;
    this.#kafka = new MemoryKafka({ clock: this.#clock, seed, groupSessionTimeoutMs, requestTimeoutMs: 3_000 });
    this.#workload = workloadOf(settings, this.#probe);
    this.#stores = new StoreCheck({ kinds: this.#workload.kinds, kafka: this.#kafka, clock: this.#clock });
    this.#offsets = new OffsetCheck(this.#kafka, this.#workload.consumed, ['out', 'ticks'], settings.partitions);
    this.#faults = new Faults({
      ...{ settings, random: this.#random.fork(), clock: this.#clock, trace: this.#trace.add },
      onCrash: (identity) => this.#processes.find((process) => process.identity === identity)?.kill(),
    });
    const names = [...Array.from({ length: settings.processes }, (_, i) => `p${i}`), 'fresh'];
    this.#processes = names.map((identity) => this.#newProcess(identity));
    this.#workload.prepare(this.#kafka);
    this.#kafka.injectFailures({
      before: (call) => this.#faults.before(call),
      after: (call) => this.#after(call),
    });
  }

  /** Called with an error that nobody handles. */
  fail(message: string): void {
    this.#violation ??= new Violation(message);
  }

  async run(): Promise<HistoryResult> {
    let violation: string | undefined;
    try {
      await this.#drive(this.#live());
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violation = `${this.#phase}: ${error.message}`;
      this.#trace.add(() => `VIOLATION ${violation ?? ''}`);
    }
    const { failures, crashes } = this.#faults;
    return {
      ...{ settings: this.#settings, violation, trace: this.#trace.lines, failures, crashes },
      endings: this.#processes.flatMap(({ endings }) => endings),
      virtualMs: this.#clock.monotonicMs(),
    };
  }

  /** Moves the clock until the work is done. */
  async #drive(work: Promise<void>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    const clock = this.#clock;
    let spins = 0;
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      if (this.#violation !== undefined) throw this.#violation;
      if (isDone) return done;
      const beforeMs = clock.now();
      const hasStepped = await clock.step();
      demand(hasStepped || isDone, () => 'nothing happens any more');
      spins = clock.now() === beforeMs ? spins + 1 : 0;
      demand(spins < SPIN_LIMIT, () => 'a loop spins without time passing');
      demand(clock.monotonicMs() < HISTORY_LIMIT_MS, () => `not over after ${HISTORY_LIMIT_MS} ms`);
    }
  }

  async #live(): Promise<void> {
    const [fresh, ...processes] = this.#processes.toReversed();
    for (const process of processes) this.#wanted.add(process);
    for (const process of this.#processes) void this.#supervise(process);
    await Promise.all([this.#feed(), this.#disturb(processes)]);
    this.#phase = 'settling';
    await this.#calm(processes);
    await this.#settle();
    this.#phase = 'checking the live stores';
    this.#checkResult();
    this.#phase = 'closing';
    await this.#stopAll();
    for (const disk of this.#disks) this.#checkDisk(disk);
    this.#phase = 'starting anew';
    if (fresh !== undefined) this.#wanted.add(fresh);
    await this.#settle();
    this.#checkResult();
    await this.#stopAll();
    await this.#clock.sleep(this.#settings.transactionTimeoutMs + 1);
    const open = this.#kafka.openTransactions();
    demand(open.length === 0, () => `transactions stay open: ${open.join(', ')}`);
    for (const { identity, endings } of this.#processes) {
      for (const ending of endings) {
        if (typeof ending !== 'object' || !(ending.error instanceof ProductionError)) continue;
        this.fail(`${identity} gave up because of its output: ${ending.error.message}`);
      }
    }
    this.#isOver = true;
  }

  async #feed(): Promise<void> {
    const { records, feedMs } = this.#settings;
    const random = this.#random.fork();
    for (let id = 1; id <= records; id++) {
      const { topic, partition, key, value, timestamp } = this.#workload.next(id, random);
      this.#kafka.append(topic, partition, {
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        ...(timestamp === undefined ? {} : { timestamp }),
      });
      if (random.chance(0.6)) await this.#clock.sleep(random.int(0, Math.ceil((2 * feedMs) / records / 0.6)));
    }
  }

  /** Kills, stops, starts and cuts off processes while the input comes in. */
  async #disturb(processes: readonly SimulatedProcess[]): Promise<void> {
    const random = this.#random.fork();
    const { disturbMs, hasZombies, maxCrashes } = this.#settings;
    const endMs = this.#clock.monotonicMs() + disturbMs;
    while (this.#clock.monotonicMs() < endMs) {
      await this.#clock.sleep(random.int(200, 2_500));
      const process = random.pick(processes);
      const dice = random.next();
      if (dice < 0.15 && this.#faults.crashes < maxCrashes) {
        this.#trace.add(() => `${process.identity} is killed`);
        this.#faults.crashes++;
        process.kill();
      } else if (dice < 0.4) {
        this.#startOrStop(process);
      } else if (dice < 0.5) {
        this.#clean(random.pick([...this.#workload.kinds.values(), undefined]));
      } else if (dice < 0.6) {
        const ms = random.int(100, hasZombies ? 5_000 : 1_000);
        this.#trace.add(() => `${process.identity} is disconnected for ${ms} ms`);
        this.#faults.disconnect(process.identity, ms);
        if (hasZombies && process.isUp) this.#silence(process.identity, ms);
      } else if (hasZombies && process.isUp) {
        if (random.chance(0.35)) this.#cutOffAtRevocation(process, processes, random);
        else {
          this.#cutOff(process, random);
          // A rebalance or a stop while it stands still, or on the way there.
          if (random.chance(0.5)) this.#startOrStop(random.pick(processes));
        }
      }
    }
  }

  /** No heartbeat of the process arrives for a while; mostly it also stands still, now or at some call to come. */
  #cutOff({ identity }: SimulatedProcess, random: Random): void {
    const ms = this.#cutOffMs(random);
    if (random.chance(0.25)) this.#silence(identity, ms);
    else
      this.#hold(identity, this.#settings.hasTicks && random.chance(0.4) ? 'producer.flush' : random.pick(HOLDS), ms);
  }

  /** The process stands still in the last commit of tasks that are taken from it: others take them over meanwhile. */
  #cutOffAtRevocation(process: SimulatedProcess, processes: readonly SimulatedProcess[], random: Random): void {
    this.#hold(process.identity, 'admin.listOffsets', this.#cutOffMs(random));
    this.#startOrStop(processes.find((other) => !this.#wanted.has(other)) ?? process);
  }

  /** Mostly long enough for others to take over. */
  #cutOffMs(random: Random): number {
    const { sessionTimeoutMs } = this.#settings;
    return random.int(random.chance(0.7) ? sessionTimeoutMs + 800 : 500, 2 * sessionTimeoutMs + 3_000);
  }

  #hold(identity: string, from: (typeof HOLDS)[number], ms: number): void {
    this.#trace.add(() => `${identity} will stand still for ${ms} ms from ${from} on`);
    this.#faults.pause(identity, from, ms, () => {
      this.#silence(identity, ms);
    });
  }

  #silence(identity: string, ms: number): void {
    this.#trace.add(() => `no heartbeat of ${identity} arrives for ${ms} ms`);
    this.#kafka.stopHeartbeats(identity);
    void this.#clock.sleep(ms).then(() => {
      if (this.#kafka.isAlive(identity)) this.#kafka.resumeHeartbeats(identity);
    });
  }

  #startOrStop(process: SimulatedProcess): void {
    if (this.#wanted.delete(process)) void process.stop();
    else this.#wanted.add(process);
  }

  /** What the brokers' cleaner does to a changelog now and then. */
  #clean(kind: StoreKind | undefined): void {
    if (kind === undefined || kind.cleanup === 'none' || this.#kafka.openTransactions().length > 3) return;
    const { changelog, cleanup } = kind;
    this.#trace.add(() => `${changelog} is cleaned: ${cleanup}`);
    this.#stores.onCleaned(changelog);
    this.#workload.onCleaned(changelog);
    try {
      this.#kafka.compact(changelog);
      if (cleanup === 'compact,delete') this.#expire(changelog);
    } catch {
      // Not created yet.
    }
  }

  /** Deletes the oldest records of a changelog; the newest stands for the brokers' time. */
  #expire(changelog: string): void {
    for (let partition = 0; partition < this.#settings.partitions; partition++) {
      const records = this.#kafka.records(changelog, partition);
      const newestMs = Math.max(...records.map(({ timestamp }) => timestamp));
      const leastMs = newestMs - RETENTION_MS - ADDITIONAL_RETENTION_MS;
      const first = records.find(({ timestamp }) => timestamp >= leastMs);
      if (first !== undefined) this.#kafka.deleteBelow(changelog, partition, first.offset);
    }
  }

  /** From now on nothing fails. At least one process runs. */
  async #calm(processes: readonly SimulatedProcess[]): Promise<void> {
    this.#trace.add(() => 'all is calm from here on');
    this.#faults.isOn = false;
    for (const process of processes) {
      if (process.isUp && this.#kafka.isAlive(process.identity)) this.#kafka.resumeHeartbeats(process.identity);
    }
    const [first] = processes;
    if (this.#wanted.size === 0 && first !== undefined) this.#wanted.add(first);
    // Those that stand still come back while the others work.
    await this.#clock.sleep(Math.max(0, this.#faults.quietAtMs - this.#clock.monotonicMs()));
    this.#probe.isTicking = false;
  }

  async #settle(): Promise<void> {
    const limitMs = this.#clock.monotonicMs() + SETTLE_LIMIT_MS;
    let pending: string | undefined;
    while ((pending = this.#pending()) !== undefined) {
      const what = pending;
      demand(this.#clock.monotonicMs() < limitMs, () => `not settled after ${SETTLE_LIMIT_MS} ms: ${what}`);
      await this.#clock.sleep(250);
    }
    await this.#clock.sleep(4 * this.#settings.commitIntervalMs + 500);
    pending = this.#pending();
    demand(pending === undefined, () => `settled, and yet: ${pending}`);
  }

  /** What keeps the history from being settled. */
  #pending(): string | undefined {
    for (const process of this.#processes) {
      if (this.#wanted.has(process) !== process.isUp) return `${process.identity} is ${process.isUp ? 'up' : 'down'}`;
      const state = process.client?.state;
      if (state !== undefined && state !== 'RUNNING') return `${process.identity} is ${state}`;
    }
    const unsettled = unsettledGroup(this.#kafka, this.#processes);
    if (unsettled !== undefined) return unsettled;
    const owners = new Map<string, number>();
    for (const { name, partition } of this.#probe.openStores) {
      owners.set(`${name}-${partition}`, (owners.get(`${name}-${partition}`) ?? 0) + 1);
    }
    for (const name of this.#workload.kinds.keys()) {
      for (let partition = 0; partition < this.#settings.partitions; partition++) {
        const count = owners.get(`${name}-${partition}`) ?? 0;
        if (count !== 1) return `store ${name} of partition ${partition} is open in ${count} tasks`;
      }
    }
    return this.#offsets.uncommitted();
  }

  #checkResult(): void {
    if (!this.#workload.canLoseState) this.#stores.checkLive(this.#probe.openStores);
    const { partitions, isExactlyOnce, hasTicks } = this.#settings;
    const numbers = Array.from({ length: partitions }, (_, partition) => partition);
    const output = numbers.map((partition) => this.#kafka.records('out', partition));
    this.#workload.checkAlso(this.#kafka);
    this.#workload.check(
      output.flat().map(({ key, value }) => ({ key: key?.toString() ?? '', value: value?.toString() ?? null })),
    );
    if (!isExactlyOnce) return;
    output.forEach((records, partition) => {
      checkRuns(`out-${partition}`, records);
    });
    if (!hasTicks) return;
    for (const partition of numbers) {
      const ticks = this.#kafka.records('ticks', partition);
      checkRuns(`ticks-${partition}`, ticks);
      checkTicks(ticks);
    }
  }

  async #stopAll(): Promise<void> {
    const endingsBefore = new Map(this.#processes.map(({ identity, endings }) => [identity, endings.length]));
    this.#wanted.clear();
    await Promise.all(this.#processes.map((process) => process.stop()));
    while (this.#processes.some(({ isUp }) => isUp)) await this.#clock.sleep(50);
    for (const { identity, endings } of this.#processes) {
      const failed = endings.slice(endingsBefore.get(identity)).find((ending) => typeof ending === 'object');
      demand(failed === undefined, () => `${identity} could not be closed: ${String(failed?.error)}`);
    }
  }

  async #supervise(process: SimulatedProcess): Promise<void> {
    const random = this.#random.fork();
    while (!this.#isOver) {
      if (this.#wanted.has(process)) {
        const disk = this.#diskOf(process, random);
        this.#checkDisk(disk);
        await process.live(disk);
      }
      await this.#clock.sleep(random.int(50, 1_000));
    }
  }

  /** The process's disk, or now and then an empty one. */
  #diskOf(process: SimulatedProcess, random: Random): SimulatedDisk {
    const isNew = random.chance(process.endings.length === 0 ? 0 : 0.2);
    const shared = this.#settings.sharesDisk ? this.#disks[0] : process.disk;
    // The last process, which takes everything over at the end, may find the disk of another.
    const found = shared ?? (process.identity === 'fresh' && random.chance(0.5) ? random.pick(this.#disks) : undefined);
    if (found !== undefined && !isNew) return found;
    const disk = new SimulatedDisk(`disk${this.#disks.length}`);
    this.#disks.push(disk);
    return disk;
  }

  #checkDisk(disk: SimulatedDisk): void {
    if (this.#workload.canLoseState) return;
    try {
      this.#stores.checkDisk(disk);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  #after(call: ClientCall): Injection | undefined {
    const injection = this.#faults.after(call);
    try {
      if (call.kind === 'membership.commit' || call.kind === 'producer.commitTransaction') this.#offsets.check();
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
    return injection;
  }

  #newProcess(identity: string): SimulatedProcess {
    return new SimulatedProcess(identity, {
      ...{ settings: this.#settings, kafka: this.#kafka, clock: this.#clock, faults: this.#faults },
      ...{ workload: this.#workload, logger: this.#trace.logger(identity), trace: this.#trace.add },
      onViolation: (message) => {
        this.fail(message);
      },
    });
  }
}
