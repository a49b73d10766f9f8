import type { Subscription } from '../port.js';
import type { KafkaConsumer, NativeConsumer, NativeMetadata } from './addon.js';
import type { AddonHandle } from './addon-handle.js';
import { toKafkaError } from './error-codes.js';

/** How often the cluster's topics are matched against the patterns, ms. */
const refreshMs = 5000;
const listTimeoutMs = 10_000;

/**
 * Subscribes to named topics, and to the topics that match patterns. Patterns are JavaScript's and are matched here: the
 * broker (RE2) and the native client (POSIX) would each read them differently.
 */
export class PatternSubscription {
  private readonly patterns: readonly RegExp[];
  private readonly topics: readonly string[];
  private subscribed = '';
  private refreshedAtMs = 0;
  private isRefreshing = false;

  constructor(
    private readonly handle: AddonHandle<InstanceType<typeof KafkaConsumer>, NativeConsumer>,
    subscription: Subscription,
  ) {
    this.topics = subscription.topics;
    // Without the flags that make a RegExp stateful.
    this.patterns = subscription.patterns.map(
      ({ source, flags }) => new RegExp(`^(?:${source})$`, flags.replace(/[gy]/g, '')),
    );
  }

  async start(): Promise<void> {
    if (this.patterns.length === 0) this.subscribe(this.topics);
    else await this.match();
  }

  /** Called often; looks for new topics when it is time. */
  refresh(isConnected: boolean): void {
    if (this.patterns.length === 0 || this.isRefreshing || !isConnected) return;
    if (Date.now() - this.refreshedAtMs < refreshMs) return;
    this.isRefreshing = true;
    // A failed look changes nothing; the next one comes.
    void this.match()
      .catch(() => undefined)
      .finally(() => {
        this.isRefreshing = false;
      });
  }

  private async match(): Promise<void> {
    this.refreshedAtMs = Date.now();
    const metadata = await this.handle.call<NativeMetadata>('Cannot list topics', (done) => {
      this.handle.native.getMetadata({ allTopics: true, timeout: listTimeoutMs }, done);
    });
    const topics = new Set(this.topics);
    for (const { name } of metadata.topics) if (this.patterns.some((pattern) => pattern.test(name))) topics.add(name);
    if (this.handle.isConnected) this.subscribe([...topics].sort());
  }

  private subscribe(topics: readonly string[]): void {
    const joined = topics.join(',');
    if (joined === this.subscribed) return;
    this.subscribed = joined;
    const code = topics.length === 0 ? this.handle.native.unsubscribe() : this.handle.native.subscribe(topics);
    if (code !== 0) throw toKafkaError(code, `Cannot subscribe to ${joined}`);
  }
}
