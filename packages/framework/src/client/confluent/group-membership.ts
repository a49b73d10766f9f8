import { KafkaError } from '../../errors/errors.js';
import type { GroupEvent, GroupMembership, GroupMembershipOptions, GroupProtocol, Subscription } from '../port.js';
import type { OffsetAndMetadata, TopicPartition } from '../records.js';
import { KafkaConsumer, OFFSET_END, type NativeConfig, type NativeConsumer, type NativeError } from './addon.js';
import { AddonHandle } from './addon-handle.js';
import type { Cluster } from './cluster.js';
import { clientClosed, NativeCode, nativeName, toKafkaError } from './error-codes.js';
import { committedOffsets } from './group-offsets.js';
import { OffsetCommitter } from './offset-committer.js';
import { Ownership, type OwnershipChange } from './ownership.js';
import { PatternSubscription } from './pattern-subscription.js';

/** Shortest time between two looks at the native queue, ms. */
const serveIntervalMs = 10;
/** Longest time between two looks: the signal that something is in the queue is edge-triggered and may be lost. */
const safetyServeMs = 100;
/** Longest wait for the reason of a fatal error, ms. */
const fatalReasonWaitMs = 1_000;
/** Asked for to see whether the group may be read; no topic has it, and the broker does not mind. */
const noSuchPartition = 2_147_483_647;

/** Length of one attempt to read the group, ms. */
const accessAttemptMs = 500;
/** Answers that are about the topic asked for, so the group itself may be read. */
const errorsAboutTopic = new Set(['UNKNOWN_TOPIC_OR_PART', '_UNKNOWN_PARTITION', 'TOPIC_AUTHORIZATION_FAILED']);

/** Answers that mean that the group goes on without this member. */
const memberIsGone = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_MEMBER_EPOCH', 'FENCED_INSTANCE_ID']);

type MemberHandle = AddonHandle<InstanceType<typeof KafkaConsumer>, NativeConsumer>;

/**
 * {@link GroupMembership} on a consumer of the addon that fetches nothing: what the group gives it is assigned at the
 * end of the partition and paused at once.
 *
 * - The native rebalance callback only queues the change; the group waits until `acknowledge` assigns or unassigns.
 * - The native queue is served by `poll()` alone, so that a loop that hangs is thrown out after `maxPollIntervalMs`; a
 *   commit under way serves it too, for its answer comes the same way.
 * - The answer of a commit covers all its partitions: if the broker refuses some of them only (a deleted topic), the
 *   native client reports success.
 */
export class ConfluentMembership implements GroupMembership {
  private handle: MemberHandle | undefined;
  private committer: OffsetCommitter | undefined;
  private patterns: PatternSubscription | undefined;
  private joining: Promise<void> | undefined;
  private leaving: Promise<void> | undefined;
  private isIncremental = true;
  private readonly ownership = new Ownership();
  private errors: Error[] = [];
  private readonly reportedErrors = new Map<number, number>();
  private fatalSinceMs: number | undefined;
  private isServing = false;
  /** The native queue may hold something that was not looked at yet. */
  private isSignalled = true;
  private servedAtMs = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly options: GroupMembershipOptions,
  ) {}

  join(subscription: Subscription): Promise<void> {
    if (this.leaving !== undefined) return Promise.reject(clientClosed(`Cannot join group '${this.options.groupId}'`));
    this.joining ??= this.open(subscription);
    return this.joining;
  }

  private async open(subscription: Subscription): Promise<void> {
    const features = await this.cluster.probe(() => this.leaving !== undefined);
    const wanted = this.options.protocol ?? 'auto';
    const protocol = wanted === 'auto' ? (features.hasConsumerProtocol ? 'consumer' : 'classic') : wanted;
    if (this.leaving !== undefined) throw clientClosed(`Cannot join group '${this.options.groupId}'`);
    this.isIncremental = protocol === 'consumer';
    const client = new KafkaConsumer(this.memberConfig(protocol));
    const handle: MemberHandle = new AddonHandle(client, this.cluster, 'group member', {
      onAuthFailure: (error) => this.errors.push(error),
    });
    this.handle = handle;
    this.committer = new OffsetCommitter(handle, this.cluster.requestTimeoutMs, () => {
      this.serve();
    });
    await handle.connect();
    try {
      await this.checkAccess(handle);
      this.patterns = new PatternSubscription(handle, subscription);
      await this.patterns.start();
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private memberConfig(protocol: GroupProtocol): NativeConfig {
    const { groupId, groupInstanceId, maxPollIntervalMs = 300_000, sessionTimeoutMs = 45_000 } = this.options;
    const config: NativeConfig = {
      ...this.cluster.clientConfig(),
      'group.id': groupId,
      'max.poll.interval.ms': maxPollIntervalMs,
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'auto.offset.reset': 'latest',
      // Committed offsets of a transaction that is still open are waited for.
      'isolation.level': 'read_committed',
      'group.protocol': protocol,
      rebalance_cb: (error: NativeError, partitions: readonly TopicPartition[]) => {
        this.onRebalance(error, partitions);
      },
      offset_commit_cb: (error: NativeError | null | undefined) => {
        this.committer?.onAnswer(error);
      },
      queue_non_empty_cb: () => {
        this.isSignalled = true;
        if (this.committer?.isWaiting === true) this.serve();
      },
    };
    if (groupInstanceId !== undefined) config['group.instance.id'] = groupInstanceId;
    if (protocol === 'consumer') config['group.remote.assignor'] = 'range';
    else {
      config['partition.assignment.strategy'] = 'range';
      // The native client refuses a session that outlives the poll interval.
      config['session.timeout.ms'] = Math.min(sessionTimeoutMs, maxPollIntervalMs);
      config['heartbeat.interval.ms'] = Math.max(100, Math.min(3000, Math.floor(sessionTimeoutMs / 3)));
    }
    return config;
  }

  /**
   * Reads an offset of the group, which needs its coordinator and the right to read it. In short attempts: a missing
   * right is reported beside the call, which itself only times out. A new cluster first creates its offsets topic.
   */
  private async checkAccess(handle: MemberHandle): Promise<void> {
    const what = `Cannot join group '${this.options.groupId}'`;
    const nowhere = { topic: 'millrace', partition: noSuchPartition };
    const deadline = Date.now() + this.cluster.requestTimeoutMs;
    for (;;) {
      try {
        await handle.call<unknown>(what, (done) => {
          handle.native.committed([nowhere], accessAttemptMs, done);
        });
        return;
      } catch (error) {
        const isAnswer = error instanceof KafkaError && errorsAboutTopic.has(error.kafkaCode);
        if (isAnswer) return;
        if (!(error instanceof KafkaError) || !error.isRetriable || Date.now() >= deadline) throw error;
      }
      this.serve();
      await new Promise((resolve) => setTimeout(resolve, serveIntervalMs));
      const [refusal] = this.errors;
      if (refusal !== undefined) throw refusal;
    }
  }

  poll(): readonly GroupEvent[] {
    const handle = this.connected('Cannot poll the group');
    const events = this.takeEvents();
    this.serve();
    this.patterns?.refresh(handle.isConnected);
    return events;
  }

  private takeEvents(): readonly GroupEvent[] {
    // While the native client is being asked, an answer may come that makes a loss of a queued revocation.
    const change = this.isServing ? undefined : this.ownership.next();
    if (change === undefined && this.errors.length === 0) return [];
    const events: GroupEvent[] = this.errors.map((error) => ({ type: 'error', error }));
    this.errors = [];
    if (change !== undefined) events.push(change);
    return events;
  }

  /** Lets the native client deliver what it has queued: rebalances, answers of commits, errors. */
  private serve(): void {
    const now = performance.now();
    const handle = this.handle;
    const pauseMs = this.isSignalled ? serveIntervalMs : safetyServeMs;
    if (this.isServing || handle?.isConnected !== true || now - this.servedAtMs < pauseMs) return;
    this.isServing = true;
    this.isSignalled = false;
    this.servedAtMs = now;
    handle.begin();
    handle.native.consume(0, 100, false, (error) => {
      this.isServing = false;
      handle.end();
      if (error) this.onError(error);
    });
  }

  private onError(error: NativeError): void {
    switch (error.code) {
      case NativeCode.timedOut:
      case NativeCode.timedOutQueue:
        return;
      case NativeCode.maxPollExceeded:
        this.onThrownOut();
        return;
      // The topic may come, or is being deleted; the assignment follows either way.
      case NativeCode.unknownTopic:
      case NativeCode.unknownTopicOrPartition:
        return;
      default: {
        const now = Date.now();
        // The reason of a fatal error is on its way here, in the log; the native client goes on answering with the error.
        const isReasonDue = error.code === NativeCode.fatal && this.handle?.knowsFatal === false;
        if (isReasonDue && now - (this.fatalSinceMs ??= now) < fatalReasonWaitMs) return;
        if (now - (this.reportedErrors.get(error.code) ?? 0) < 30_000) return;
        this.reportedErrors.set(error.code, now);
        const what = `Member of group '${this.options.groupId}'`;
        this.errors.push(this.handle?.failure(error, what) ?? toKafkaError(error, what));
      }
    }
  }

  /**
   * The group goes on without this member, which has not polled in time or was not heard: everything is lost, also what
   * was just being revoked. The native client says so only later, and not at all if a rebalance was under way.
   */
  private onThrownOut(): void {
    const handle = this.handle;
    if (handle?.isConnected !== true) return;
    for (const change of this.ownership.loseAll()) this.answer(handle, change);
  }

  private onRebalance(error: NativeError, partitions: readonly TopicPartition[]): void {
    const handle = this.handle;
    if (handle === undefined) return;
    // Plain copies: the native list carries offsets that mean nothing here.
    const list = partitions.map(({ topic, partition }) => ({ topic, partition }));
    const isAssignment = error.code === NativeCode.assignPartitions;
    if (!handle.isConnected) {
      this.answerWhileLeaving(isAssignment, list);
      return;
    }
    const type = isAssignment ? 'assigned' : handle.native.assignmentLost() ? 'lost' : 'revoked';
    const change: OwnershipChange = { type, partitions: list, native: { isAssignment, partitions: list } };
    if (!this.ownership.add(change)) this.answer(handle, change);
  }

  acknowledge(): void {
    const handle = this.connected('Cannot acknowledge');
    const change = this.ownership.acknowledge();
    if (change === undefined) return;
    this.answer(handle, change);
    this.servedAtMs = 0;
    this.serve();
  }

  /** Carries out a change, which ends the native client's wait. */
  private answer(handle: MemberHandle, { native: asked }: OwnershipChange): void {
    if (asked === undefined) return;
    const { native } = handle;
    try {
      if (!asked.isAssignment) {
        if (this.isIncremental) native.incrementalUnassign(asked.partitions);
        else native.unassign();
        return;
      }
      // At the end and paused at once: nothing is fetched.
      const partitions = asked.partitions.map(({ topic, partition }) => ({ topic, partition, offset: OFFSET_END }));
      if (this.isIncremental) native.incrementalAssign(partitions);
      else native.assign(partitions);
      if (partitions.length > 0) native.pause(asked.partitions);
    } catch (error) {
      this.errors.push(toKafkaError(error, `Cannot answer a rebalance of group '${this.options.groupId}'`));
    }
  }

  /** While the client closes it still waits for answers, and hangs for ever without. */
  private answerWhileLeaving(isAssignment: boolean, partitions: readonly TopicPartition[]): void {
    const handle = this.handle;
    if (handle?.isUsable !== true) return;
    try {
      if (this.isIncremental && !isAssignment) handle.native.incrementalUnassign(partitions);
      else handle.native.unassign();
    } catch {
      // Answered already, or closed meanwhile: either way nobody waits.
    }
  }

  assignment(): readonly TopicPartition[] {
    return this.ownership.held;
  }

  async commit(offsets: readonly OffsetAndMetadata[]): Promise<void> {
    this.connected('Cannot commit');
    this.assertHeld(offsets);
    if (offsets.length === 0) return;
    try {
      await this.committer?.commit(offsets, () => offsets.every((offset) => this.ownership.holds(offset)));
    } catch (error) {
      this.onRefusal(error);
      throw error;
    }
  }

  /**
   * Gives the native consumer to a call that reads the group's current generation from it, and keeps it connected
   * meanwhile.
   *
   * @throws KafkaError `GROUP_FENCED`, `requiresAbort`, if a partition is not held: the generation would let the offset pass
   */
  lend<T>(offsets: readonly OffsetAndMetadata[], use: (consumer: NativeConsumer) => Promise<T>): Promise<T> {
    const handle = this.connected('Cannot send offsets');
    this.assertHeld(offsets);
    handle.begin();
    return use(handle.native)
      .catch((error: unknown) => {
        this.onRefusal(error);
        throw error;
      })
      .finally(() => {
        handle.end();
      });
  }

  /** The coordinator does not know this member any more: it has learnt so before the native client's heartbeat. */
  private onRefusal(error: unknown): void {
    if (error instanceof KafkaError && memberIsGone.has(error.kafkaCode)) this.onThrownOut();
  }

  private assertHeld(offsets: readonly OffsetAndMetadata[]): void {
    const foreign = offsets.find((offset) => !this.ownership.holds(offset));
    if (foreign === undefined) return;
    throw new KafkaError(
      'GROUP_FENCED',
      `Cannot commit offset ${String(foreign.offset)} of '${foreign.topic}' partition ${String(foreign.partition)}: this ` +
        `member of group '${this.options.groupId}' does not hold it, or has lost it.`,
      {
        kafkaCode: nativeName(NativeCode.unknownMemberId),
        requiresAbort: true,
        topic: foreign.topic,
        partition: foreign.partition,
      },
    );
  }

  async committed(partitions: readonly TopicPartition[]): Promise<OffsetAndMetadata[]> {
    const handle = this.connected('Cannot read committed offsets');
    return committedOffsets(handle, this.options.groupId, partitions, this.cluster.requestTimeoutMs);
  }

  leave(): Promise<void> {
    this.leaving ??= this.shut();
    return this.leaving;
  }

  private async shut(): Promise<void> {
    await this.joining?.catch(() => undefined);
    // The answer of a commit comes while the native client is still served.
    await this.committer?.settled();
    const handle = this.handle;
    if (handle === undefined) return;
    await handle.close(() => {
      for (const { native } of this.ownership.unanswered) {
        if (native !== undefined) this.answerWhileLeaving(native.isAssignment, native.partitions);
      }
    });
    this.ownership.clear();
  }

  private connected(what: string): MemberHandle {
    const { handle } = this;
    if (handle?.isConnected !== true || this.leaving !== undefined) {
      throw clientClosed(`${what} '${this.options.groupId}'`);
    }
    return handle;
  }
}
