import type { KafkaAdmin } from '../client/port.js';
import { KafkaError } from '../errors/errors.js';
import type { InstanceIdentity } from './instance-record.js';
import { InstanceRegistry, reasonOf } from './instance-registry.js';
import type { LocalState } from './local-state.js';
import type { ResolvedOptions } from './resolve-options.js';
import { retrying, type Patience } from './retry.js';
import type { TopologyFingerprint } from './topology-fingerprint.js';
import type { PrepareOptions, TopologyTopics } from './topology-topics.js';

export interface OpenRegistryDeps {
  readonly options: ResolvedOptions;
  readonly admin: KafkaAdmin;
  readonly topics: TopologyTopics;
  readonly localState: LocalState;
  readonly topology: TopologyFingerprint;
  readonly prepare: PrepareOptions;
  /** How long brokers that do not answer are waited for. */
  readonly patience: Patience;
}

/**
 * Opens the registry of instances, for applications that have stores or ask for one by `applicationServer` or
 * `numStandbyReplicas`; it costs a producer and a fetcher. An application that only has stores runs without it if the
 * topic cannot be used, with a warning.
 *
 * @returns undefined: there is none
 * @throws KafkaError if it was asked for and cannot be used
 * @throws StateStoreError `STATE_INCOMPATIBLE` if the topology does not fit the state in Kafka
 */
export async function openRegistry(deps: OpenRegistryDeps): Promise<InstanceRegistry | undefined> {
  const { options, topics } = deps;
  const { subtopologies, globalStores } = topics.plan;
  const isAskedFor = options.applicationServer !== undefined || options.numStandbyReplicas > 0;
  const hasStores = globalStores.length > 0 || subtopologies.some(({ stores }) => stores.length > 0);
  if (!isAskedFor && !hasStores) return undefined;
  try {
    return await open(deps);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    const shown = failure(topics.instancesTopic, isAskedFor, error);
    if (isAskedFor) throw shown;
    options.logger.warn({ err: error }, shown.message);
    return undefined;
  }
}

async function open({
  options,
  admin,
  topics,
  localState,
  topology,
  prepare,
  patience,
}: OpenRegistryDeps): Promise<InstanceRegistry> {
  await retrying(patience, 'prepare the topic of instances', () => topics.prepareInstancesTopic(admin, prepare));
  const self: InstanceIdentity = {
    id: localState.processId,
    endpoint: options.applicationServer ?? null,
    startedAtMs: options.clock.now(),
    stateDirectory: localState.storageId,
    topology,
  };
  const registry = new InstanceRegistry({ options, admin, topic: topics.instancesTopic, self });
  try {
    await registry.open(patience);
  } catch (error) {
    await registry.close();
    throw error;
  }
  return registry;
}

function failure(topic: string, isAskedFor: boolean, error: KafkaError): KafkaError {
  const what = isAskedFor
    ? 'The options applicationServer and numStandbyReplicas need it.'
    : 'This application runs without it: it does not know which process has which key, and does not notice a topology that does not fit its state in Kafka.';
  const { code, kafkaCode, isRetriable } = error;
  return new KafkaError(
    code,
    `The topic ${topic}, in which the processes of the application tell of themselves, cannot be used. ${what} ${reasonOf(topic, error)}`,
    { kafkaCode, isRetriable, topic, cause: error },
  );
}
