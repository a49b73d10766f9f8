import type {
  ClientCall,
  ClientCallKind,
  FailureInjector,
  Injection,
} from '../../dist/client/memory/failure-injection.js';
import { KafkaError } from '../../dist/errors/errors.js';
import type { VirtualClock } from '../../dist/time/virtual-clock.js';
import type { HistorySettings } from './history-settings.js';
import type { Random } from './random.js';

export interface FaultsDeps {
  readonly settings: HistorySettings;
  readonly random: Random;
  readonly clock: VirtualClock;
  /** The process dies at this point. */
  readonly onCrash: (identity: string) => void;
  readonly trace: (line: () => string) => void;
}

/** A process that is to stand still: from now on, or from the next call of this kind on. */
interface Pause {
  readonly from: ClientCallKind | 'now';
  readonly ms: number;
  /** Undefined: not begun. */
  untilMs: number | undefined;
  readonly onBegin: () => void;
}

/** Calls at which a process may come to stand still; more often where what follows is fenced, or should be. */
export const HOLDS: readonly (ClientCallKind | 'now')[] = [
  'now',
  'producer.flush',
  'producer.flush',
  'admin.listOffsets',
  'producer.sendOffsets',
  'producer.commitTransaction',
  'producer.commitTransaction',
  'producer.commitTransaction',
  'membership.committed',
];

/** Calls that happen all the time: they fail seldom. */
const FREQUENT: ReadonlySet<ClientCallKind> = new Set([
  'membership.poll',
  'fetcher.assign',
  'fetcher.poll',
  'producer.produce',
]);
/** Calls without an answer to wait for: nothing but a crash can befall them. */
const SYNCHRONOUS: ReadonlySet<ClientCallKind> = new Set([
  'membership.poll',
  'membership.acknowledge',
  'fetcher.assign',
  'fetcher.unassign',
  'producer.produce',
]);
/** Calls that never wait for a broker: they can be late, but their answers are not lost. */
const LOCAL: ReadonlySet<ClientCallKind> = new Set(['producer.beginTransaction', 'producer.drain']);
/** Calls that may be answered by an error that ends the transaction, or the producer. */
const TRANSACTIONAL: ReadonlySet<ClientCallKind> = new Set(['producer.sendOffsets', 'producer.commitTransaction']);

/** Decides at every call of every client, and at every write to a disk, what fails there. */
export class Faults implements FailureInjector {
  isOn = true;
  failures = 0;
  crashes = 0;
  /** When the last of the long waits is over, ms of the monotonic clock. */
  quietAtMs = 0;
  readonly #pauses = new Map<string, Pause>();
  readonly #outages = new Map<string, number>();

  constructor(private readonly deps: FaultsDeps) {}

  /** Makes the process stand still: all its calls wait. */
  pause(identity: string, from: ClientCallKind | 'now', ms: number, onBegin: () => void): void {
    const pause: Pause = { from, ms, untilMs: undefined, onBegin };
    this.#pauses.set(identity, pause);
    if (from === 'now') this.#begin(pause);
  }

  #begin(pause: Pause): void {
    pause.untilMs = this.deps.clock.monotonicMs() + pause.ms;
    this.quietAtMs = Math.max(this.quietAtMs, pause.untilMs);
    pause.onBegin();
  }

  /** Breaks the process's connections for a while: its calls fail, some of them after their effect. */
  disconnect(identity: string, ms: number): void {
    const untilMs = this.deps.clock.monotonicMs() + ms;
    this.#outages.set(identity, untilMs);
    this.quietAtMs = Math.max(this.quietAtMs, untilMs);
  }

  before(call: ClientCall): Injection | undefined {
    return this.#decide(call, true);
  }

  after(call: ClientCall): Injection | undefined {
    return this.#decide(call, false);
  }

  /** @returns whether the process is to die at this write */
  strikesWrite(identity: string, what: string): boolean {
    if (!this.isOn || !this.#hits(1) || !this.#crashes(identity, what)) return false;
    this.failures++;
    return true;
  }

  #decide(call: ClientCall, isBefore: boolean): Injection | undefined {
    const { kind, identity } = call;
    const what = `${isBefore ? 'before' : 'after'} ${kind}`;
    this.deps.trace(() => `${identity} ${what}${argumentsOf(call, isBefore)}`);
    if (!this.isOn) return undefined;
    const injection = this.#hits(FREQUENT.has(kind) ? 0.03 : 1) ? this.#choose(call, isBefore, what) : undefined;
    if (injection !== undefined) {
      this.failures++;
      this.deps.trace(() => `${identity} ${what}: ${shown(injection)}`);
      return injection;
    }
    if (SYNCHRONOUS.has(kind)) return undefined;
    return this.#cut(call, isBefore) ?? this.#wait(call, isBefore);
  }

  #hits(weight: number): boolean {
    const { random, settings } = this.deps;
    return this.failures < settings.maxFailures && random.chance((settings.failuresPerMille / 1_000) * weight);
  }

  #choose({ kind, identity }: ClientCall, isBefore: boolean, what: string): Injection | undefined {
    const { random, settings } = this.deps;
    if (isBefore && settings.isExactlyOnce && TRANSACTIONAL.has(kind) && random.chance(0.5)) {
      return { type: 'throw', error: random.chance(0.8) ? abortRequired() : fenced() };
    }
    const dice = random.next();
    if (SYNCHRONOUS.has(kind) || dice < 0.25) return this.#crashes(identity, what) ? { type: 'crash' } : undefined;
    if (dice < 0.45) return this.#delay(random.int(1, settings.hasZombies ? 7_000 : 700));
    if (LOCAL.has(kind)) return undefined;
    if (kind.endsWith('.connect')) return isBefore ? { type: 'throw', error: timedOut() } : undefined;
    return dice < 0.7 ? { type: 'lose-answer' } : { type: 'throw', error: timedOut() };
  }

  #delay(ms: number): Injection {
    this.quietAtMs = Math.max(this.quietAtMs, this.deps.clock.monotonicMs() + ms);
    return { type: 'delay', ms };
  }

  #crashes(identity: string, what: string): boolean {
    if (this.crashes >= this.deps.settings.maxCrashes) return false;
    this.crashes++;
    this.deps.trace(() => `${identity} crashes ${what}`);
    this.deps.onCrash(identity);
    return true;
  }

  #cut({ kind, identity }: ClientCall, isBefore: boolean): Injection | undefined {
    const { clock, random } = this.deps;
    if (!isBefore || LOCAL.has(kind) || (this.#outages.get(identity) ?? 0) <= clock.monotonicMs()) return undefined;
    // A request may have been on its way when the connection broke.
    // A connection that fails was not made.
    const canLose = !kind.endsWith('.connect');
    return canLose && random.chance(0.2) ? { type: 'lose-answer' } : { type: 'throw', error: timedOut() };
  }

  /** The way to the broker and back, and the time that a process stands still. */
  #wait({ kind, identity }: ClientCall, isBefore: boolean): Injection | undefined {
    const { settings, random, clock } = this.deps;
    const pause = this.#pauses.get(identity);
    if (pause !== undefined && pause.untilMs === undefined && pause.from === kind && isBefore) this.#begin(pause);
    const pausedMs = (pause?.untilMs ?? 0) - clock.monotonicMs();
    if (pausedMs > 0) return { type: 'delay', ms: pausedMs };
    if (settings.latencyMs === 0 || kind === 'fetcher.poll' || !isBefore) return undefined;
    return { type: 'delay', ms: random.int(0, settings.latencyMs) };
  }
}

function timedOut(): KafkaError {
  return new KafkaError('TIMED_OUT', 'injected', { kafkaCode: '_TIMED_OUT', isRetriable: true });
}

function abortRequired(): KafkaError {
  return new KafkaError('KAFKA_FAILURE', 'injected', { kafkaCode: 'INJECTED', requiresAbort: true });
}

function fenced(): KafkaError {
  return new KafkaError('PRODUCER_FENCED', 'injected', { kafkaCode: '_FENCED', isFatal: true });
}

function shown(injection: Injection): string {
  if (injection.type === 'delay') return `delay ${injection.ms} ms`;
  if (injection.type === 'throw') return `throw ${injection.error.code} ${injection.error.kafkaCode}`;
  return injection.type;
}

const UUIDS = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** What tells calls apart in a trace. */
function argumentsOf({ kind, args }: ClientCall, isBefore: boolean): string {
  if (!isBefore || kind === 'fetcher.poll') return '';
  const text = JSON.stringify(args, (_, value: unknown) => {
    if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value) {
      return Buffer.from(value.data as number[]).toString();
    }
    return value;
  });
  // Processes without a disk have a new id in each run.
  return text === '[]' ? '' : ` ${text.replace(UUIDS, '<id>').slice(0, 300)}`;
}
