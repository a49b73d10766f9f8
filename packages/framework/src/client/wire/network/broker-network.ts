import type { KafkaError } from '../../../errors/errors.js';
import type { ClusterConnection } from '../../connection/cluster-connection.js';
import { clientClosed, kafkaFailure } from '../../connection/kafka-failure.js';
import { ProblemLog } from '../../connection/problem-log.js';
import { parseServer } from '../../connection/server-address.js';
import type { IsolationLevel, OffsetSpec } from '../../port.js';
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from '../../records.js';
import { Waits } from './backoff.js';
import { BrokerLane } from './broker-lane.js';
import type { BrokerNode, ClusterView } from './cluster-view.js';
import { MetadataSource } from './metadata-source.js';
import { OffsetLister } from './offset-lister.js';
import type { ApiVersions, WireRequest } from './wire-request.js';
import { serverName, wireObstacle } from './wire-settings.js';

/** A request, or how it is made for the versions that the broker speaks on the connection that it is sent over. */
export type RequestMaker<T> = WireRequest<T> | ((versions: ApiVersions) => WireRequest<T>);

/** Requests that are answered at once share this lane; a long poll has one of its own. */
export const CONTROL_LANE = 'control';

const NAME = 'wire client';

/**
 * Everything between Millrace and the sockets of one cluster's brokers, when they are spoken to without the addon. Shared
 * by all fetchers and calls of a client factory.
 *
 * Every failing call rejects with a `KafkaError`. Retriable ones (`BROKER_UNREACHABLE`, `TIMED_OUT`) have closed the
 * connection that they met; the next request opens another one, after a pause that grows from 50 ms to 1 s, so that a
 * caller may simply ask again. `AUTHENTICATION_FAILED` is fatal. After `close()` everything rejects with `CLIENT_CLOSED`.
 */
export class BrokerNetwork {
  private readonly brokers = new Map<number, BrokerNode>();
  /** By broker and lane name. */
  private readonly lanes = new Map<number, Map<string, BrokerLane>>();
  /** Lanes to bootstrap servers, used until a broker is known, and when none of those known answers. */
  private bootstrapLanes: BrokerLane[] | undefined;
  private readonly log: ProblemLog;
  private readonly waits = new Waits();
  private readonly source: MetadataSource;
  private connecting: Promise<void> | undefined;
  private closed: KafkaError | undefined;

  constructor(private readonly cluster: ClusterConnection) {
    this.log = new ProblemLog(cluster.logger);
    this.source = new MetadataSource({
      timeoutMs: cluster.requestTimeoutMs,
      candidates: () => this.candidates(),
      onView: (view) => {
        this.learn(view);
      },
      wait: (ms) => this.waits.wait(ms),
    });
  }

  /**
   * Finds a broker that answers, and logs in to it. Several calls share one attempt; after a failed one the next call
   * tries anew.
   *
   * @throws KafkaError `BROKER_UNREACHABLE`, `AUTHENTICATION_FAILED`, `CLIENT_CLOSED` as soon as `signal` aborts
   */
  async connect(signal?: AbortSignal): Promise<void> {
    this.assertOpen();
    this.connecting ??= this.open().catch((error: unknown) => {
      this.connecting = undefined;
      throw error;
    });
    if (signal === undefined) return this.connecting;
    await abortable(this.connecting, signal);
  }

  private async open(): Promise<void> {
    const obstacle = wireObstacle(this.cluster.options);
    if (obstacle !== undefined) {
      throw kafkaFailure(`Cannot connect the ${NAME}`, obstacle, { kafkaCode: '_UNSUPPORTED_FEATURE' });
    }
    await this.cluster.probe(() => this.closed !== undefined);
    this.assertOpen();
    await this.metadata([]);
  }

  /**
   * Sends one request to one broker, over the connection of that lane. It is sent at most once.
   *
   * @param brokerId as in {@link ClusterView.brokers}
   * @param lane `control`, or a name of the caller's own, given back with {@link releaseLane}
   */
  async send<T>(brokerId: number, lane: string, request: RequestMaker<T>): Promise<T> {
    return this.lane(brokerId, lane).send(typeof request === 'function' ? request : () => request);
  }

  /** The versions that a broker speaks. They may change with the broker; a request may be made from them as it is sent. */
  async versions(brokerId: number): Promise<ApiVersions> {
    return this.lane(brokerId, CONTROL_LANE).versions();
  }

  /**
   * Brokers and these topics, as a broker knows them now. Callers of the same moment share one request. Waits for a broker
   * that answers, for `requestTimeoutMs` at most.
   */
  async metadata(topics: readonly string[]): Promise<ClusterView> {
    this.assertOpen();
    return this.source.metadata(topics);
  }

  /** Asks whichever broker answers first, as {@link metadata} does. */
  async sendToAny<T>(request: (versions: ApiVersions) => WireRequest<T>): Promise<T> {
    this.assertOpen();
    return this.source.ask(request);
  }

  /** As `KafkaAdmin.listOffsets`. Goes on while leaders move, for `requestTimeoutMs` at most. */
  async listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolationLevel: IsolationLevel = 'read_uncommitted',
  ): Promise<TopicPartitionOffset[]> {
    this.assertOpen();
    const { requestTimeoutMs } = this.cluster;
    const listed = await new OffsetLister(this, spec, isolationLevel, requestTimeoutMs).list(partitions);
    const beyond = listed.filter(({ offset }) => offset < 0);
    if (beyond.length === 0) return listed;
    // No record is that young: reading starts at the end.
    const ends = new Map(
      (await this.listOffsets(beyond, 'latest', isolationLevel)).map((end) => [
        partitionKey(end.topic, end.partition),
        end,
      ]),
    );
    return listed.map((place) => ends.get(partitionKey(place.topic, place.partition)) ?? place);
  }

  /** Waits, but no longer than this network lives. @throws KafkaError `CLIENT_CLOSED` */
  wait(ms: number): Promise<void> {
    return this.waits.wait(ms);
  }

  /** Adds brokers that another answer than metadata has named (KIP-951), or their new addresses. */
  learnBrokers(nodes: Iterable<BrokerNode>): void {
    for (const node of nodes) {
      const why = kafkaFailure(`Connection to Kafka broker ${node.id} lost`, `it moved to ${serverName(node)}`, {
        kafkaCode: '_TRANSPORT',
      });
      this.brokers.set(node.id, node);
      for (const lane of this.lanes.get(node.id)?.values() ?? []) lane.moveTo(node, why);
    }
  }

  private learn({ brokers }: ClusterView): void {
    this.learnBrokers(brokers.values());
    for (const id of this.brokers.keys()) {
      if (brokers.has(id)) continue;
      this.brokers.delete(id);
      for (const lane of this.lanes.get(id)?.values() ?? []) lane.retire();
    }
    if (this.brokers.size === 0) return;
    for (const lane of this.bootstrapLanes ?? []) lane.retire();
  }

  private lane(brokerId: number, name: string): BrokerLane {
    this.assertOpen();
    let lanes = this.lanes.get(brokerId);
    const known = lanes?.get(name);
    const node = this.brokers.get(brokerId);
    if (node === undefined) {
      throw kafkaFailure(`Cannot reach Kafka broker ${brokerId}`, 'it is not in the cluster at the moment', {
        kafkaCode: 'BROKER_NOT_AVAILABLE',
      });
    }
    if (known !== undefined) return known;
    const lane = new BrokerLane(this.cluster, this.log, node);
    if (lanes === undefined) this.lanes.set(brokerId, (lanes = new Map<string, BrokerLane>()));
    lanes.set(name, lane);
    return lane;
  }

  /** Connected brokers first, then the others in no order, then the bootstrap servers. */
  private candidates(): BrokerLane[] {
    const lanes = [...this.brokers.keys()].map((id) => this.lane(id, CONTROL_LANE));
    const connected = lanes.filter((lane) => lane.isConnected);
    const others = shuffled(lanes.filter((lane) => !lane.isConnected));
    this.bootstrapLanes ??= this.cluster.servers.map(
      (server) => new BrokerLane(this.cluster, this.log, parseServer(server)),
    );
    const known = new Set(lanes.map((lane) => lane.server));
    return [...connected, ...others, ...shuffled(this.bootstrapLanes.filter((lane) => !known.has(lane.server)))];
  }

  /** Closes the connections of a lane; its requests under way reject with `CLIENT_CLOSED`. */
  releaseLane(name: string): void {
    for (const lanes of this.lanes.values()) {
      lanes.get(name)?.close(clientClosed(`Request of ${name}`));
      lanes.delete(name);
    }
  }

  /** Closes every connection at once. Idempotent. Leaves no timer and no socket behind. */
  async close(): Promise<void> {
    if (this.closed !== undefined) return;
    const error = clientClosed(`Request of the ${NAME}`);
    this.closed = error;
    this.waits.end(error);
    for (const lanes of this.lanes.values()) for (const lane of lanes.values()) lane.close(error);
    for (const lane of this.bootstrapLanes ?? []) lane.close(error);
    await this.connecting?.catch(() => undefined);
  }

  private assertOpen(): void {
    if (this.closed !== undefined) throw this.closed;
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  const order = items.map((item) => ({ item, key: Math.random() }));
  return order.sort((left, right) => left.key - right.key).map(({ item }) => item);
}

/** The same promise, given up when the signal aborts. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const error = clientClosed(`Connecting the ${NAME}`);
  if (signal.aborted) return Promise.reject(error);
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
