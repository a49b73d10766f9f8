import type { Clock } from '../../time/clock.js';
import { AccessControl } from './access-control.js';
import { AlarmQueue } from './alarm-queue.js';
import type { FailureInjector } from './failure-injection.js';
import { GroupCoordinator } from './group-coordinator.js';
import { TopicRegistry } from './topic-registry.js';
import { TransactionCoordinator } from './transaction-coordinator.js';

export interface MemoryKafkaOptions {
  /** All time of the cluster and its clients. @default the machine's clock */
  readonly clock?: Clock;
  /** Decides the ids of group members, and with them who gets which range. @default 0 */
  readonly seed?: number;
  /** How many brokers it claims to have: bounds the replication factor. @default 1 */
  readonly brokers?: number;
  /** `group.consumer.session.timeout.ms`: how long a silent process keeps its partitions. @default 45000 */
  readonly groupSessionTimeoutMs?: number;
  /** How long a call waits for the end of a transaction before `TIMED_OUT`, ms. @default 30000 */
  readonly requestTimeoutMs?: number;
  /**
   * What becomes of the calls of a crashed process: as after a real kill nothing of its code runs on (`hang`: their
   * promises never settle), or they reject. Synchronous calls always throw.
   * @default 'hang'
   */
  readonly crashedCalls?: 'hang' | 'reject';
}

/** The broker side: what all clients share. */
export class MemoryCluster {
  readonly clock: Clock;
  readonly alarms: AlarmQueue;
  readonly topics: TopicRegistry;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly access = new AccessControl();
  readonly groupSessionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly crashedCalls: 'hang' | 'reject';
  injector: FailureInjector | undefined;
  calls = 0;

  constructor(options: MemoryKafkaOptions & { readonly clock: Clock }) {
    this.clock = options.clock;
    this.alarms = new AlarmQueue(this.clock);
    this.topics = new TopicRegistry(options.brokers ?? 1);
    this.groups = new GroupCoordinator(this.topics, this.alarms, options.seed ?? 0);
    this.transactions = new TransactionCoordinator(this.clock, this.alarms);
    this.groupSessionTimeoutMs = options.groupSessionTimeoutMs ?? 45_000;
    this.requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
    this.crashedCalls = options.crashedCalls ?? 'hang';
  }
}
