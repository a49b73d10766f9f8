import { KafkaError } from '../../../errors/errors.js';
import { clientClosed } from '../../connection/kafka-failure.js';
import type { GroupDescription, TopicConfigs } from '../../port.js';
import { chooseVersion } from '../network/api-versions.js';
import { backoffMs } from '../network/backoff.js';
import { brokerFailure } from '../network/broker-errors.js';
import { CONTROL_LANE, type BrokerNetwork } from '../network/broker-network.js';
import type { NetworkLease, SharedNetwork } from '../network/shared-network.js';
import { ApiKey, unsupported, type ApiVersions, type VersionRange, type WireRequest } from '../network/wire-request.js';
import { consumerGroupDescribeRequest, consumerGroupDescribeVersions } from './consumer-group-describe-request.js';
import { describeConfigsRequest, describeConfigsVersions } from './describe-configs-request.js';
import { describeGroupsRequest, describeGroupsVersions } from './describe-groups-request.js';
import type { DescribedGroup } from './described-group.js';
import { findCoordinatorRequest, findCoordinatorVersions } from './find-coordinator-request.js';

const UNSUPPORTED_VERSION = 35;
const GROUP_ID_NOT_FOUND = 69;

/**
 * The calls of `KafkaAdmin` that the addon has not (settings of topics) or gets wrong (1.10.1: describing a group whose
 * coordinator answers with an error ends the process).
 */
export class WireAdmin {
  private lease: NetworkLease | undefined;
  private isClosed = false;

  constructor(
    private readonly shared: SharedNetwork,
    private readonly timeoutMs: number,
  ) {}

  /** As `KafkaAdmin.describeTopicConfigs`. */
  async describeTopicConfigs(topics: readonly string[]): Promise<TopicConfigs[]> {
    const network = await this.connected('Cannot read the settings of topics');
    if (topics.length === 0) return [];
    const answer = await network.sendToAny((versions) =>
      describeConfigsRequest(
        versionOf(versions, 'DescribeConfigs', ApiKey.describeConfigs, describeConfigsVersions),
        topics,
      ),
    );
    return [...answer.topics];
  }

  /** As `KafkaAdmin.describeGroup`. Waits while the group has no coordinator, for the request time-out at most. */
  async describeGroup(groupId: string): Promise<GroupDescription> {
    const what = `Cannot describe group '${groupId}'`;
    const network = await this.connected(what);
    const deadlineMs = performance.now() + this.timeoutMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.askCoordinator(network, groupId, what);
      } catch (error) {
        if (!(error instanceof KafkaError) || !error.isRetriable || performance.now() >= deadlineMs) throw error;
        await network.wait(backoffMs(attempt));
      }
    }
  }

  private async askCoordinator(network: BrokerNetwork, groupId: string, what: string): Promise<GroupDescription> {
    const { broker } = await network.sendToAny((versions) =>
      findCoordinatorRequest(
        versionOf(versions, 'FindCoordinator', ApiKey.findCoordinator, findCoordinatorVersions),
        groupId,
      ),
    );
    network.learnBrokers([broker]);
    const ask = (toRequest: (versions: ApiVersions) => WireRequest<DescribedGroup>): Promise<DescribedGroup> =>
      network.send(broker.id, CONTROL_LANE, toRequest);
    const versions = await network.versions(broker.id);
    const newVersion = chooseVersion(versions, ApiKey.consumerGroupDescribe, consumerGroupDescribeVersions);
    if (newVersion !== undefined) {
      const described = await ask(() => consumerGroupDescribeRequest(newVersion, groupId));
      // So answers a coordinator of a group of the classic protocol, and one that does not serve the new one.
      const isOther = described.errorCode === GROUP_ID_NOT_FOUND || described.errorCode === UNSUPPORTED_VERSION;
      if (!isOther) return groupOf(described, what);
    }
    return groupOf(
      await ask((theirs) =>
        describeGroupsRequest(
          versionOf(theirs, 'DescribeGroups', ApiKey.describeGroups, describeGroupsVersions),
          groupId,
        ),
      ),
      what,
    );
  }

  private async connected(what: string): Promise<BrokerNetwork> {
    if (this.isClosed) throw clientClosed(what);
    this.lease ??= this.shared.lease();
    await this.lease.network.connect();
    return this.lease.network;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.lease?.release();
  }
}

function versionOf(versions: ApiVersions, api: string, apiKey: number, ours: VersionRange): number {
  const version = chooseVersion(versions, apiKey, ours);
  if (version === undefined) throw unsupported(api, 'the cluster');
  return version;
}

function groupOf({ errorCode, detail, group }: DescribedGroup, what: string): GroupDescription {
  if (errorCode === GROUP_ID_NOT_FOUND) return { ...group, state: 'dead', members: [] };
  if (errorCode !== 0) throw brokerFailure(errorCode, what, { detail });
  return group;
}
