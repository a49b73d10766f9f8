import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serdes } from '../../dist/serde/serdes.js';
import type { EngineKind } from '../../dist/state/engine/engine.js';
import type { ReadOnlySessionStore, SessionStore } from '../../dist/state/stores/session-store.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { Windowed } from '../../dist/time/windowed.js';
import { ENGINES, removeTemporaryDirectories, StateHarness } from './state-harness.js';
import { transactionAction, TransactionRunner, type TransactionalModel } from './transaction-actions.js';

const RETENTION_MS = 200_000;

interface Session {
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly value: string;
}

/** A plain array of sessions; expired ones are hidden, not deleted. */
class SessionModel implements TransactionalModel {
  sessions: readonly Session[] = [];
  observedMs = -1;
  #committed: { sessions: readonly Session[]; observedMs: number } = { sessions: [], observedMs: -1 };

  commit(): void {
    this.#committed = { sessions: this.sessions, observedMs: this.observedMs };
  }

  abort(): void {
    ({ sessions: this.sessions, observedMs: this.observedMs } = this.#committed);
  }

  committedView(): SessionModel {
    return Object.assign(new SessionModel(), this.#committed);
  }

  put(key: string, startMs: number, endMs: number, value: string | null): void {
    this.observedMs = Math.max(this.observedMs, endMs);
    if (endMs <= this.observedMs - RETENTION_MS) return;
    const others = this.sessions.filter((s) => s.key !== key || s.startMs !== startMs || s.endMs !== endMs);
    this.sessions = value === null ? others : [...others, { key, startMs, endMs, value }];
  }

  committedContent(): ReadonlyMap<string, string> {
    const { sessions } = this.#committed;
    return new Map(sessions.map((s) => [`[${s.key}@${s.startMs}/${s.endMs}]`, s.value]));
  }

  find(earliestEndMs: number, latestStartMs: number): Session[] {
    const oldestMs = this.observedMs - RETENTION_MS;
    return this.sessions
      .filter((s) => s.endMs > oldestMs && s.endMs >= earliestEndMs && s.startMs <= latestStartMs)
      .sort((a, b) => a.endMs - b.endMs || a.startMs - b.startMs);
  }
}

/** Begins as an entry of key `a` does that has the time 20,000. */
const COLLIDING = 'a\0\0\0\0\0\0N \0\0\0\0\0\0N ';

const key = fc.constantFrom('a', 'aa', 'ab', 'b', COLLIDING, '\u0001');
/** Mostly few times, so that sessions meet; now and then a late one, so that they expire. */
const timeMs = fc.oneof(
  { weight: 12, arbitrary: fc.nat(20).map((n) => n * 10_000) },
  { weight: 1, arbitrary: fc.nat(120).map((n) => n * 10_000) },
);
const lengthMs = fc.nat(5).map((n) => n * 10_000);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: key, value, startMs: timeMs, lengthMs }) },
  { weight: 3, arbitrary: fc.record({ find: key, fromMs: timeMs, toMs: timeMs }) },
  { weight: 2, arbitrary: fc.record({ fromKey: fc.option(key), toKey: fc.option(key), fromMs: timeMs, toMs: timeMs }) },
  { weight: 4, arbitrary: fc.record({ action: transactionAction }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
type Harness = StateHarness<SessionStore<string, string>, ReadOnlySessionStore<string, string>>;

const text = (at: string, startMs: number, endMs: number, v: string): string => `${at}|${startMs}|${endMs}|${v}`;

function list(entries: Iterable<readonly [Windowed<string>, string]>): string[] {
  return [...entries].map(([{ key: at, window }, v]) => text(at, window.startMs, window.endMs, v));
}

function listModel(sessions: readonly Session[]): string[] {
  return sessions.map((s) => text(s.key, s.startMs, s.endMs, s.value));
}

function check(store: ReadOnlySessionStore<string, string>, model: SessionModel, step: Command): void {
  if ('find' in step) {
    const { find: at, fromMs, toMs } = step;
    const found = listModel(model.find(fromMs, toMs).filter((session) => session.key === at));
    assert.deepEqual(list(store.findSessions(at, fromMs, toMs)), found);
    assert.deepEqual(list(store.backwardFindSessions(at, fromMs, toMs)), found.reverse());
    const all = model.find(0, Number.MAX_SAFE_INTEGER).filter((session) => session.key === at);
    assert.deepEqual(list(store.fetch(at)), listModel(all));
    assert.deepEqual(list(store.backwardFetch(at)), listModel(all).reverse());
    for (const s of all) assert.equal(store.fetchSession(at, s.startMs, s.endMs), s.value);
    assert.equal(store.fetchSession(at, fromMs, fromMs + 1), undefined);
  } else if ('fromKey' in step) {
    const { fromKey, toKey, fromMs, toMs } = step;
    const found = model
      .find(fromMs, toMs)
      .filter((s) => (fromKey ?? '') <= s.key && (toKey === null || s.key <= toKey));
    const sessions = list(store.findSessionsOfKeys(fromKey ?? undefined, toKey ?? undefined, fromMs, toMs));
    assert.deepEqual(sessions.sort(), listModel(found).sort());
  }
}

function property(engine: EngineKind, caching: boolean): fc.IProperty<[Command[]]> {
  return fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (steps) => {
    const builder = Stores.sessionStore({
      name: 'sessions',
      engine,
      caching,
      retentionMs: RETENTION_MS,
      keySerde: serdes.string,
      valueSerde: serdes.string,
    });
    const harness: Harness = new StateHarness(builder, { flush: { flushBytes: 3000 }, cacheMaxBytes: 1500 });
    const model = new SessionModel();
    const runner = new TransactionRunner(harness, model);
    for (const step of steps) {
      if ('action' in step) runner.run(step.action);
      else if ('put' in step) {
        const endMs = step.startMs + step.lengthMs;
        const session = new Windowed(step.put, { startMs: step.startMs, endMs });
        if (step.value === null) harness.store.remove(session);
        else harness.store.put(session, step.value);
        model.put(step.put, step.startMs, endMs, step.value);
      } else {
        check(harness.store, model, step);
        check(harness.readOnly, model.committedView(), step);
      }
    }
    runner.run('commit');
    const all = listModel(model.find(0, Number.MAX_SAFE_INTEGER)).sort();
    const stored = (): string[] =>
      list(harness.store.findSessionsOfKeys(undefined, undefined, 0, Number.MAX_SAFE_INTEGER)).sort();
    assert.deepEqual(stored(), all);
    runner.run('stop');
    assert.deepEqual(stored(), all);
    harness.state.reset('sessions');
    harness.state.restore('sessions', harness.changelog, harness.changelog.length);
    assert.deepEqual(stored(), all);
    harness.close();
  });
}

describe('session store against an array', () => {
  afterEach(removeTemporaryDirectories);

  for (const engine of ENGINES) {
    for (const caching of [false, true]) {
      it(`should agree on ${engine} ${caching ? 'with' : 'without'} caching through commits, aborts and crashes`, () => {
        fc.assert(property(engine, caching), { numRuns: engine === 'memory' ? 200 : 20 });
      }).timeout(120_000);
    }
  }
});
