import { NO_HEADERS } from '../client/records.js';
import { StateStoreError } from '../errors/errors.js';
import { TaskId } from '../processor/processor-context.js';
import type { Serializer } from '../serde/serde.js';
import { partitionOfKey } from '../topology/partitioner.js';
import type { StreamPartitioner, Subtopology } from '../topology/topology-nodes.js';
import type { InstanceStandby, InstanceTask } from './instance-record.js';
import type { InstanceRegistry, KnownInstance } from './instance-registry.js';
import type { TopologyTopics } from './topology-topics.js';

/** A process of the application, as it has told of itself. */
export interface InstanceInfo {
  readonly id: string;
  /** Its option `applicationServer`; undefined if it was not given. */
  readonly endpoint: { readonly host: string; readonly port: number } | undefined;
  readonly isSelf: boolean;
  readonly startedAtMs: number;
  readonly tasks: readonly InstanceTask[];
  readonly standbys: readonly InstanceStandby[];
}

/** Where a key is. */
export interface KeyQueryMetadata {
  /** -1 for a global store: every process has all of it. */
  readonly partition: number;
  /** The process whose task has the key; undefined: none says so at the moment (rebalance). */
  readonly owner: InstanceInfo | undefined;
  /** Processes with a copy that may lag behind. */
  readonly standbys: readonly InstanceInfo[];
}

/** Answers where things are, from the registry of instances. */
export class InstanceDirectory {
  constructor(
    private readonly topics: TopologyTopics,
    private readonly registry: () => InstanceRegistry | undefined,
  ) {}

  all(): readonly InstanceInfo[] {
    return this.#opened().instances().map(infoOf);
  }

  withStore(store: string): readonly InstanceInfo[] {
    const subtopology = this.#subtopologyOf(store);
    const all = this.all();
    if (subtopology === undefined) return all;
    const prefix = `${subtopology.id}_`;
    const isOfStore = ({ id }: InstanceStandby): boolean => id.startsWith(prefix);
    return all.filter(({ tasks, standbys }) => tasks.some(isOfStore) || standbys.some(isOfStore));
  }

  ownerOfKey<K>(
    store: string,
    key: K,
    keySerializer: Serializer<K>,
    partitioner: StreamPartitioner<K, unknown> | undefined,
  ): KeyQueryMetadata {
    const subtopology = this.#subtopologyOf(store);
    const instances = this.#opened().instances();
    if (subtopology === undefined) {
      const self = instances.find(({ isSelf }) => isSelf);
      return { partition: -1, owner: self && infoOf(self), standbys: [] };
    }
    const count = this.topics.taskCount(subtopology);
    const topic = this.topics.inputsOf(subtopology)[0] ?? store;
    const partition =
      partitioner?.(topic, key, undefined, count) ??
      partitionOfKey(keySerializer.serialize(topic, key, NO_HEADERS), count);
    return { partition, ...this.#holders(new TaskId(subtopology.id, partition).toString(), instances) };
  }

  /** For messages: where the other partitions of a store are. Empty if that is not known. */
  whereabouts(store: string, partition: number | undefined): string {
    const registry = this.registry();
    const subtopology = registry === undefined ? undefined : this.#subtopologyOf(store);
    if (registry === undefined || subtopology === undefined) return '';
    const instances = registry.instances();
    const partitions = partition === undefined ? [...Array(this.topics.taskCount(subtopology)).keys()] : [partition];
    const places = partitions.map((number) => {
      const owner = registry.ownerOf(new TaskId(subtopology.id, number).toString(), instances);
      return `partition ${number}: ${owner === undefined ? 'nobody' : (owner.record.endpoint ?? owner.record.id)}`;
    });
    return `The registry says: ${places.join(', ')}.`;
  }

  #holders(
    taskId: string,
    instances: readonly KnownInstance[],
  ): { owner: InstanceInfo | undefined; standbys: InstanceInfo[] } {
    const owner = this.#opened().ownerOf(taskId, instances);
    const standbys = instances.filter(
      (instance) => instance !== owner && instance.record.standbys.some(({ id }) => id === taskId),
    );
    return { owner: owner && infoOf(owner), standbys: standbys.map(infoOf) };
  }

  /** Undefined for a global store. @throws StateStoreError `STORE_NOT_FOUND` */
  #subtopologyOf(store: string): Subtopology | undefined {
    const { subtopologies, globalStores } = this.topics.plan;
    const found = subtopologies.find(({ stores }) => stores.some(({ name }) => name === store));
    if (found !== undefined || globalStores.some(({ builder }) => builder.name === store)) return found;
    const known = [...subtopologies.flatMap(({ stores }) => stores), ...globalStores.map(({ builder }) => builder)];
    throw new StateStoreError(
      'STORE_NOT_FOUND',
      `The topology has no store '${store}'. Its stores: ${known.map(({ name }) => name).join(', ') || 'none'}.`,
    );
  }

  #opened(): InstanceRegistry {
    const registry = this.registry();
    if (registry !== undefined) return registry;
    throw new StateStoreError(
      'STATE_UNAVAILABLE',
      'Which process has what is not known: the client does not run, its registry of instances could not be opened (the ' +
        "log says why), or it has no stores. Then set the option applicationServer to the 'host:port' of this process.",
    );
  }
}

function infoOf({ record, isSelf }: KnownInstance): InstanceInfo {
  const { id, endpoint, startedAtMs, tasks, standbys } = record;
  const at = endpoint?.lastIndexOf(':') ?? -1;
  const place = endpoint === null ? undefined : { host: endpoint.slice(0, at), port: Number(endpoint.slice(at + 1)) };
  return { id, endpoint: place, isSelf, startedAtMs, tasks, standbys };
}
