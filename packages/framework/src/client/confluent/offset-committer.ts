import type { OffsetAndMetadata } from '../records.js';
import type { KafkaConsumer, NativeConsumer, NativeError } from './addon.js';
import type { AddonHandle } from './addon-handle.js';
import { clientClosed, NativeCode, toKafkaError } from './error-codes.js';
import { KafkaError } from '../../errors/errors.js';

/** How often the native queue is looked at while an answer is awaited, ms. */
const serveEveryMs = 15;
/** How long a commit with an epoch that a heartbeat has just replaced is tried again, ms. */
const staleEpochPatienceMs = 10_000;
const staleEpochRetryMs = 50;

/**
 * Commits offsets one call at a time. The native commit returns at once and its answer comes through the one
 * `offset_commit_cb` of the consumer, without a word on which commit it belongs to; and the callback of `commitCb` means
 * only that the request was queued.
 */
export class OffsetCommitter {
  private queue: Promise<unknown> = Promise.resolve();
  private awaited: ((error: NativeError | null | undefined) => void) | undefined;
  /** Answers of commits that were given up, which come before the next one's. */
  private overdue = 0;

  /** @param serve lets the native client deliver what it has queued */
  constructor(
    private readonly handle: AddonHandle<InstanceType<typeof KafkaConsumer>, NativeConsumer>,
    private readonly timeoutMs: number,
    private readonly serve: () => void,
  ) {}

  get isWaiting(): boolean {
    return this.awaited !== undefined;
  }

  /** For `offset_commit_cb`. */
  onAnswer(error: NativeError | null | undefined): void {
    if (this.overdue > 0) {
      this.overdue--;
      return;
    }
    this.awaited?.(error);
  }

  /** @param isHeld whether the member still holds the partitions, asked before a commit is repeated */
  commit(offsets: readonly OffsetAndMetadata[], isHeld: () => boolean): Promise<void> {
    const result = this.queue.then(() => this.commitWithRetry(offsets, isHeld));
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Resolves when no commit is under way; never rejects. */
  async settled(): Promise<void> {
    await this.queue;
  }

  private async commitWithRetry(offsets: readonly OffsetAndMetadata[], isHeld: () => boolean): Promise<void> {
    const deadline = Date.now() + Math.min(this.timeoutMs, staleEpochPatienceMs);
    for (;;) {
      const error = await this.commitOnce(offsets);
      if (!error || error.code === NativeCode.noOffset) return;
      // KIP-848: a heartbeat may raise the epoch while the commit is under way. The next one carries the new epoch.
      const isPassing = error.code === NativeCode.staleMemberEpoch || error.code === NativeCode.rebalanceInProgress;
      if (!isPassing || !isHeld() || Date.now() >= deadline) throw toKafkaError(error, 'Cannot commit offsets');
      await new Promise((resolve) => setTimeout(resolve, staleEpochRetryMs));
    }
  }

  private commitOnce(offsets: readonly OffsetAndMetadata[]): Promise<NativeError | null | undefined> {
    if (!this.handle.isConnected) return Promise.reject(clientClosed('Cannot commit offsets'));
    return new Promise((resolve, reject) => {
      this.handle.begin();
      const serving = setInterval(this.serve, serveEveryMs);
      const finish = (): void => {
        clearInterval(serving);
        clearTimeout(timer);
        this.awaited = undefined;
        this.handle.end();
      };
      const timer = setTimeout(() => {
        finish();
        this.overdue++;
        reject(
          new KafkaError(
            'TIMED_OUT',
            `Cannot commit offsets: no answer of the broker within ${String(this.timeoutMs)} ms.`,
            {
              kafkaCode: '_TIMED_OUT',
              isRetriable: true,
            },
          ),
        );
      }, this.timeoutMs);
      this.awaited = (error) => {
        finish();
        resolve(error);
      };
      try {
        const code = this.handle.native.commit(offsets.map(copyOffset));
        if (code !== 0) this.awaited({ code, message: '' });
      } catch (error) {
        finish();
        reject(toKafkaError(error, 'Cannot commit offsets'));
      }
    });
  }
}

function copyOffset({ topic, partition, offset, metadata }: OffsetAndMetadata): OffsetAndMetadata {
  return metadata === undefined ? { topic, partition, offset } : { topic, partition, offset, metadata };
}
