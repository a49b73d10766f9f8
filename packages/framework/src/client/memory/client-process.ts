import { KafkaError } from '../../errors/errors.js';
import type { ClientCall, ClientCallKind, Injection } from './failure-injection.js';
import { timedOut } from './kafka-failures.js';
import type { MemoryCluster } from './memory-cluster.js';

/** A call of a process that has crashed. Whoever gets it is a ghost: nothing it does can reach the cluster. */
export class CrashedProcessError extends KafkaError {
  constructor(readonly identity: string) {
    super('CLIENT_CLOSED', `Process '${identity}' has crashed: its clients are dead`, {
      kafkaCode: '_DESTROY',
      isFatal: true,
    });
  }
}

/**
 * One incarnation of a process: all clients opened under one identity until it crashes. Every client call goes through
 * it, so that failures can be injected and the process can die at any of them.
 */
export class ClientProcess {
  readonly identity: string;
  /** Tells this life of the process from others under the same identity. */
  readonly incarnation: number;
  readonly #cluster: MemoryCluster;
  #isAlive = true;
  readonly #onCrash = new Set<() => void>();

  constructor(identity: string, incarnation: number, cluster: MemoryCluster) {
    this.identity = identity;
    this.incarnation = incarnation;
    this.#cluster = cluster;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Kills all clients: what they have not sent is lost, their sessions time out. */
  crash(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const clean of this.#onCrash) clean();
    this.#onCrash.clear();
    this.#cluster.groups.all().forEach((group) => group.silence(this.incarnation));
  }

  /** Calls back when the process dies. Returns a function that takes the callback back. */
  onCrash(clean: () => void): () => void {
    this.#onCrash.add(clean);
    return () => this.#onCrash.delete(clean);
  }

  /** A call that waits for its answer. Without an injector its effect happens at once, before the promise is returned. */
  async call<T>(kind: ClientCallKind, args: readonly unknown[], effect: () => T | Promise<T>): Promise<T> {
    if (!this.#isAlive) return this.#dead();
    this.#cluster.alarms.runDue();
    try {
      const result =
        this.#cluster.injector === undefined
          ? await effect()
          : await this.#injected(this.#describe(kind, args), effect);
      return this.#isAlive ? result : await this.#dead();
    } catch (error) {
      if (!this.#isAlive) return this.#dead();
      throw error;
    }
  }

  /** A call that is answered at once. */
  callNow<T>(kind: ClientCallKind, args: readonly unknown[], effect: () => T): T {
    this.assertAlive();
    this.#cluster.alarms.runDue();
    const { injector } = this.#cluster;
    if (injector === undefined) return effect();
    const call = this.#describe(kind, args);
    this.#strikeNow(injector.before?.(call), kind);
    const result = effect();
    const after = injector.after?.(call);
    if (after?.type === 'crash') this.#strikeNow(after, kind);
    return result;
  }

  /** @throws CrashedProcessError */
  assertAlive(): void {
    if (!this.#isAlive) throw new CrashedProcessError(this.identity);
  }

  get hasInjector(): boolean {
    return this.#cluster.injector !== undefined;
  }

  #describe(kind: ClientCallKind, args: readonly unknown[]): ClientCall {
    this.#cluster.calls += 1;
    return { kind, identity: this.identity, args, sequence: this.#cluster.calls };
  }

  async #injected<T>(call: ClientCall, effect: () => T | Promise<T>): Promise<T> {
    const { injector } = this.#cluster;
    const lost = await this.#strike(injector?.before?.(call), call.kind);
    const result = await effect();
    if (lost !== undefined) throw lost;
    const failed = await this.#strike(injector?.after?.(call), call.kind);
    if (failed !== undefined) throw failed;
    return result;
  }

  /** Does what the injection says. Returns the error with which the call is to end after its effect. */
  async #strike(injection: Injection | undefined, kind: ClientCallKind): Promise<KafkaError | undefined> {
    if (injection?.type !== 'delay') return this.#strikeNow(injection, kind);
    await this.#cluster.clock.sleep(injection.ms);
    if (!this.#isAlive) return this.#dead();
    this.#cluster.alarms.runDue();
    return undefined;
  }

  #strikeNow(injection: Injection | undefined, kind: ClientCallKind): KafkaError | undefined {
    switch (injection?.type) {
      case 'throw':
        throw injection.error;
      case 'lose-answer':
        return injection.error ?? timedOut(kind);
      case 'crash':
        this.crash();
        throw new CrashedProcessError(this.identity);
      case 'delay':
      case undefined:
        return undefined;
    }
  }

  #dead(): Promise<never> {
    if (this.#cluster.crashedCalls === 'reject') return Promise.reject(new CrashedProcessError(this.identity));
    return new Promise(() => undefined);
  }
}
