import { AdminClient, type NativeCallback, type NativeClient, type NativeMetadata } from './addon.js';
import { ClientProblems, type LogEvent } from './client-problems.js';
import type { Cluster } from './cluster.js';
import { clientClosed, toKafkaError } from './error-codes.js';

type AddonAdmin = ReturnType<typeof AdminClient.create>;

/** Starts one call of the addon's admin client. */
export type AdminCall<T> = (admin: AddonAdmin, done: NativeCallback<T>) => void;

/** Length of one attempt of a blocking call: how late a connect that is given up returns its pool thread. */
const attemptMs = 500;

/**
 * Connects and disconnects the addon's admin client and guards it in between, as `AddonHandle` does for the others.
 * This client connects and disconnects synchronously; disconnecting with a call under way would block or crash.
 */
export class AdminHandle {
  private admin: AddonAdmin | undefined;
  private readonly problems: ClientProblems;
  private connecting: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private callsUnderWay = 0;
  private onIdle: (() => void) | undefined;

  constructor(private readonly cluster: Cluster) {
    this.problems = new ClientProblems('admin client', cluster.logger, () => undefined);
  }

  connect(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(clientClosed('Cannot connect the admin client'));
    this.connecting ??= this.open();
    return this.connecting;
  }

  private async open(): Promise<void> {
    await this.cluster.probe(() => this.closing !== undefined);
    if (this.closing !== undefined) throw clientClosed('Cannot connect the admin client');
    const admin = AdminClient.create(this.cluster.clientConfig(), {
      'event.log': (event: LogEvent) => {
        this.problems.onLog(event);
      },
      error: (error: Error) => {
        this.problems.onTokenFailure(error.message);
      },
      'event.error': (error: { readonly message: string }) => {
        this.problems.onError(error.message);
      },
    });
    try {
      await this.awaitMetadata(nativeClient(admin));
    } catch (error) {
      admin.disconnect();
      throw error;
    }
    this.admin = admin;
  }

  private async awaitMetadata(native: NativeClient): Promise<void> {
    const deadline = Date.now() + this.cluster.requestTimeoutMs;
    for (;;) {
      const error = await new Promise<unknown>((resolve) => {
        native.getMetadata({ allTopics: false, timeout: attemptMs }, resolve);
      });
      if (!error) return;
      if (this.problems.authFailure !== undefined) throw this.problems.authFailure;
      if (Date.now() >= deadline || this.closing !== undefined)
        throw this.failure(error, 'Cannot connect the admin client');
    }
  }

  /** One call of the admin client as a promise. */
  call<T>(what: string, start: AdminCall<T>): Promise<T> {
    const { admin } = this;
    if (admin === undefined || this.closing !== undefined) return Promise.reject(clientClosed(what));
    return new Promise<T>((resolve, reject) => {
      this.callsUnderWay++;
      try {
        start(admin, (error, value) => {
          this.finished();
          if (error === null || error === undefined) resolve(value);
          else reject(this.failure(error, what));
        });
      } catch (error) {
        this.finished();
        reject(this.failure(error, what));
      }
    });
  }

  /** Topics with their partitions and leaders; all, or one. */
  metadata(what: string, topic?: string): Promise<NativeMetadata> {
    const options = { timeout: this.cluster.requestTimeoutMs, allTopics: topic === undefined };
    return this.call(what, (admin, done) => {
      nativeClient(admin).getMetadata(topic === undefined ? options : { ...options, topic }, done);
    });
  }

  failure(error: unknown, what: string): Error {
    return this.problems.authFailure ?? toKafkaError(error, what, { detail: this.problems.last });
  }

  private finished(): void {
    if (--this.callsUnderWay === 0) this.onIdle?.();
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    await this.connecting?.catch(() => undefined);
    if (this.callsUnderWay > 0) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
    }
    this.admin?.disconnect();
    this.admin = undefined;
  }
}

function nativeClient(admin: AddonAdmin): NativeClient {
  // The published type leaves out what the admin client inherits.
  return (admin as unknown as { getClient(): NativeClient }).getClient();
}
