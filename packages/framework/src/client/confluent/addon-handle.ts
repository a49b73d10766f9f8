import type { EventEmitter } from 'node:events';
import { KafkaError } from '../../errors/errors.js';
import { Producer, type AddonClient, type NativeCallback, type NativeClient } from './addon.js';
import type { Cluster } from './cluster.js';
import { ClientProblems, type LogEvent } from './client-problems.js';
import { clientClosed, toKafkaError, type ErrorContext } from './error-codes.js';
import { stuckCalls } from './stuck-calls.js';

/*
 *   new --connect--> connecting ----> connected --close--> closing ----> closed
 *    |                   |                                                 ^
 *    +------close--------+-------------------(failure, close)--------------+
 */
type HandleState = 'new' | 'connecting' | 'connected' | 'closing' | 'closed';

/** Length of one attempt of a blocking call: how late a connect that is given up returns its pool thread. */
const attemptMs = 500;
/** How long a client may take to disconnect before it is given up, ms. */
const disconnectTimeoutMs = 15_000;

/** What the native client says instead of the error that has ended it. */
const consequences = new Set(['_FATAL', '_PURGE_QUEUE', '_PURGE_INFLIGHT', '_STATE']);

/** What goes wrong outside of any call. */
export interface ProblemListener {
  /** The broker refuses the credentials or the certificate. */
  readonly onAuthFailure?: (error: KafkaError) => void;
  /** Text of an error event: lost brokers, unknown partitions. */
  readonly onError?: (message: string) => void;
}

/**
 * Connects and disconnects one consumer or producer of the addon, and stands guard in between: the addon dereferences
 * null when it is used while disconnected, and when it is disconnected while one of its calls is under way. So every
 * call goes through `begin` and `end` (or `call`), and `close` waits for the calls that are under way.
 */
export class AddonHandle<C extends AddonClient, N extends NativeClient> {
  readonly native: N;
  private state: HandleState = 'new';
  private callsUnderWay = 0;
  private onIdle: (() => void) | undefined;
  private connecting: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private readonly problems: ClientProblems;

  /**
   * @param name what the client is, for messages: `fetcher`
   * @param listener told of what goes wrong after `connect` outside of any call
   */
  constructor(
    readonly client: C,
    private readonly cluster: Cluster,
    private readonly name: string,
    listener: ProblemListener = {},
  ) {
    this.native = client.getClient() as N;
    this.problems = new ClientProblems(name, cluster.logger, (error) => {
      if (this.state === 'connected') listener.onAuthFailure?.(error);
    });
    const events: EventEmitter = client;
    // The addon emits it when there is no token, and would throw if nobody listened.
    events.on('error', (error: Error) => {
      this.problems.onTokenFailure(error.message);
    });
    events.on('event.log', (event: LogEvent) => {
      this.problems.onLog(event);
    });
    events.on('event.error', (error: { readonly message: string }) => {
      this.problems.onError(error.message);
      if (this.state === 'connected') listener.onError?.(error.message);
    });
    // The addon connects, then asks for metadata once; asked in short attempts instead, it can be given up.
    Object.assign(client, { getMetadata: this.awaitMetadata.bind(this) });
  }

  get isConnected(): boolean {
    return this.state === 'connected';
  }

  /** Connected, or on the way out: what must still be answered may be. */
  get isUsable(): boolean {
    return this.state === 'connected' || this.state === 'closing';
  }

  /** The native client has failed for good, and it is known why. */
  get knowsFatal(): boolean {
    return this.problems.fatal !== undefined;
  }

  /** @throws KafkaError `CLIENT_CLOSED` unless connected */
  assertConnected(what: string): void {
    if (this.state !== 'connected') throw clientClosed(what);
  }

  /** Connects; later calls return the same promise. */
  connect(): Promise<void> {
    if (this.state === 'closing' || this.state === 'closed') {
      return this.connecting ?? Promise.reject(clientClosed(`Cannot connect the ${this.name}`));
    }
    this.connecting ??= this.open();
    return this.connecting;
  }

  private async open(): Promise<void> {
    this.state = 'connecting';
    try {
      await this.cluster.probe(() => this.closing !== undefined);
      if (this.closing !== undefined) throw clientClosed(`Cannot connect the ${this.name}`);
      await new Promise<void>((resolve, reject) => {
        this.client.connect({ allTopics: false, timeout: this.cluster.requestTimeoutMs }, (error) => {
          if (error as unknown)
            reject(this.problems.authFailure ?? this.failure(error, `Cannot connect the ${this.name}`));
          else resolve();
        });
      });
      // `close` may have been called meanwhile: it waits for this promise and then disconnects.
      this.state = 'connected';
    } catch (error) {
      this.state = 'closed';
      throw error;
    }
  }

  private awaitMetadata(options: { timeout?: number }, done: NativeCallback<unknown>): void {
    const deadline = Date.now() + (options.timeout ?? this.cluster.requestTimeoutMs);
    const attempt = (): void => {
      this.native.getMetadata({ allTopics: false, timeout: attemptMs }, (error, metadata) => {
        if (!error) done(null, metadata);
        else if (this.problems.authFailure !== undefined || this.closing !== undefined || Date.now() >= deadline)
          done(error, undefined);
        else setTimeout(attempt, 20);
      });
    };
    attempt();
  }

  /** Counts a call that the addon is working on; `end` must follow. */
  begin(): void {
    this.callsUnderWay++;
  }

  end(): void {
    if (--this.callsUnderWay === 0) this.onIdle?.();
  }

  /**
   * A call that may never come back. After `limitMs` it is rejected with a fatal `TIMED_OUT`, and the client is of no more
   * use: closing it waits for nothing, and it is disconnected if the call does come back.
   */
  callWithin(limitMs: number, what: string, start: (done: NativeCallback<undefined>) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let onReturn: (() => void) | undefined;
      const timer = setTimeout(() => {
        onReturn = stuckCalls.add(`${this.name}: ${what}`, this.cluster.logger);
        this.state = 'closed';
        const message = `${what}: the native client has not answered within ${limitMs} ms, past its own time-out.`;
        reject(new KafkaError('TIMED_OUT', message, { kafkaCode: '_TIMED_OUT', isFatal: true }));
      }, limitMs);
      const settled = (): void => {
        clearTimeout(timer);
        if (onReturn === undefined) return;
        onReturn();
        void this.idle().then(() => this.disconnect());
      };
      this.call(what, start, true).then(resolve, reject).finally(settled);
    });
  }

  /** Makes one asynchronous call of the addon a promise; failures become {@link KafkaError}s. */
  call<T>(what: string, start: (done: NativeCallback<T>) => void, isTransactional = false): Promise<T> {
    if (this.state !== 'connected') return Promise.reject(clientClosed(what));
    return new Promise<T>((resolve, reject) => {
      this.begin();
      try {
        start((error, value) => {
          this.end();
          if (error === null || error === undefined) resolve(value);
          else reject(this.failure(error, what, { isTransactional }));
        });
      } catch (error) {
        this.end();
        reject(this.failure(error, what, { isTransactional }));
      }
    });
  }

  /** A failure in the light of what the client has logged. */
  failure(error: unknown, what: string, context: ErrorContext = {}): KafkaError {
    const failure = toKafkaError(error, what, { detail: this.problems.last, ...context });
    const { fatal } = this.problems;
    if (fatal === undefined || !consequences.has(failure.kafkaCode)) return failure;
    return new KafkaError(fatal.code, `${what}: ${fatal.message}`, {
      kafkaCode: fatal.kafkaCode,
      isFatal: true,
      cause: fatal,
      ...failure.position,
    });
  }

  /**
   * Waits for what is under way and disconnects. Idempotent; never rejects.
   *
   * @param beforeDisconnect last calls on the native client
   */
  close(beforeDisconnect: () => void = () => undefined): Promise<void> {
    this.closing ??= this.shut(beforeDisconnect);
    return this.closing;
  }

  private async shut(beforeDisconnect: () => void): Promise<void> {
    if (this.connecting !== undefined) await this.connecting.catch(() => undefined);
    if (this.state !== 'connected') {
      this.state = 'closed';
      return;
    }
    this.state = 'closing';
    await this.idle();
    beforeDisconnect();
    await this.disconnect();
    this.state = 'closed';
  }

  private idle(): Promise<void> {
    if (this.callsUnderWay === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.onIdle = resolve;
    });
  }

  private disconnect(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.cluster.logger?.warn(
          { client: this.name },
          `The Kafka ${this.name} did not disconnect in time; given up.`,
        );
        resolve();
      }, disconnectTimeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      // A producer flushes first: for one millisecond here, its owner has flushed, or gives up what is queued.
      if (this.client instanceof Producer) this.client.disconnect(1, done);
      else this.client.disconnect(done);
    });
  }
}
