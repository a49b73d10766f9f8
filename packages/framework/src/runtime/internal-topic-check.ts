import type { KafkaAdmin } from '../client/port.js';
import { KafkaError, TopologyError } from '../errors/errors.js';
import type { ChangelogRetention } from '../state/stores/changelog-topic.js';
import type { Logger } from '../telemetry/logger.js';

/** An internal topic that was there before, and what it is for. */
export interface ExistingTopic {
  readonly topic: string;
  readonly kind: 'changelog' | 'repartition';
  /** Settings that it would be created with. */
  readonly configs: Readonly<Record<string, string>>;
  /** Of a changelog: how long its store keeps things. */
  readonly retention?: ChangelogRetention;
}

type Configs = ReadonlyMap<string, string>;

/** What is wrong with a topic, and the settings that would be right. */
interface Problem {
  readonly setting: string;
  readonly consequence: string;
  readonly remedy: string;
}

/**
 * Refuses internal topics whose settings let the broker delete what is still needed, as Kafka Streams does
 * (`InternalTopicManager.validate`): a store's changelog that is not compacted, or that deletes by age or size what its
 * store still keeps; a repartition topic that compacts, or deletes by age or size. Settings that lose nothing are left as
 * they are.
 */
export class InternalTopicCheck {
  #hasWarned = false;

  /** @throws TopologyError INTERNAL_TOPIC_MISMATCH */
  async check(admin: KafkaAdmin, topics: readonly ExistingTopic[], logger: Logger): Promise<void> {
    if (topics.length === 0) return;
    const described = await this.#describe(admin, topics, logger);
    for (const existing of topics) {
      const configs = described.get(existing.topic);
      const problem = configs === undefined ? undefined : problemOf(existing, configs);
      if (problem !== undefined) throw refusal(existing, problem);
    }
  }

  /** Without the right to see the settings there is nothing to check. */
  async #describe(
    admin: KafkaAdmin,
    topics: readonly ExistingTopic[],
    logger: Logger,
  ): Promise<ReadonlyMap<string, Configs>> {
    try {
      const described = await admin.describeTopicConfigs(topics.map(({ topic }) => topic));
      return new Map(described.map(({ topic, configs }) => [topic, configs]));
    } catch (error) {
      if (!(error instanceof KafkaError) || error.isRetriable || error.code === 'CLIENT_CLOSED') throw error;
      if (!this.#hasWarned) {
        logger.warn(
          { topics: topics.map(({ topic }) => topic), kafkaCode: error.kafkaCode },
          `The settings of the internal topics are not checked: ${error.message} A wrong cleanup.policy or retention.ms would lose state.`,
        );
      }
      this.#hasWarned = true;
      return new Map();
    }
  }
}

function problemOf(existing: ExistingTopic, configs: Configs): Problem | undefined {
  return existing.kind === 'repartition' ? repartitionProblem(configs) : changelogProblem(existing, configs);
}

function repartitionProblem(configs: Configs): Problem | undefined {
  const policy = policyOf(configs);
  if (policy.has('compact')) {
    const consequence = 'the broker keeps only the newest record of each key, and drops others before they are read';
    return { setting: policySetting(configs), consequence, remedy: 'cleanup.policy=delete,retention.ms=-1' };
  }
  return deletion(configs, Infinity, 'the broker deletes records that are not read yet when the application is behind');
}

function changelogProblem({ configs: wanted, retention = {} }: ExistingTopic, configs: Configs): Problem | undefined {
  const wantedPolicy = wanted['cleanup.policy'] ?? 'compact';
  if (wantedPolicy.includes('compact') && !policyOf(configs).has('compact')) {
    const consequence = 'the broker does not keep the newest value of each key, and the topic grows with every update';
    return { setting: policySetting(configs), consequence, remedy: `cleanup.policy=[${wantedPolicy}]` };
  }
  const mayDelete = wantedPolicy.includes('delete');
  const keptMs = mayDelete ? Math.min(retention.retentionMs ?? Infinity, numberOf(wanted['retention.ms'])) : Infinity;
  const deleted = deletion(configs, keptMs, 'the broker deletes entries that the store still keeps', wanted);
  if (deleted === undefined) return compactionProblem(wanted, retention.historyRetentionMs, configs);
  if (mayDelete) return deleted;
  const setting = `${policySetting(configs)} and ${deleted.setting}`;
  return { ...deleted, setting, remedy: `cleanup.policy=${wantedPolicy}` };
}

/** Deletion by age or size, beyond what is wanted. */
function deletion(
  configs: Configs,
  keptMs: number,
  consequence: string,
  wanted: Readonly<Record<string, string>> = {},
): Problem | undefined {
  if (!policyOf(configs).has('delete')) return undefined;
  const retentionMs = configs.get('retention.ms');
  if (numberOf(retentionMs) < keptMs) {
    const remedy = `retention.ms=${wanted['retention.ms'] ?? '-1'}`;
    return { setting: `retention.ms=${retentionMs ?? '?'}`, consequence, remedy };
  }
  const retentionBytes = configs.get('retention.bytes');
  const keptBytes = numberOf(wanted['retention.bytes']);
  if (numberOf(retentionBytes) >= keptBytes) return undefined;
  const remedy = `retention.bytes=${wanted['retention.bytes'] ?? '-1'}`;
  return { setting: `retention.bytes=${retentionBytes ?? '?'}`, consequence, remedy };
}

/** Versioned stores restore their history from records that compaction would drop. */
function compactionProblem(
  wanted: Readonly<Record<string, string>>,
  historyMs: number | undefined,
  configs: Configs,
): Problem | undefined {
  const lag = configs.get('min.compaction.lag.ms');
  const wantedLag = wanted['min.compaction.lag.ms'];
  if (historyMs === undefined || lag === undefined || wantedLag === undefined) return undefined;
  if (Number(lag) >= Math.min(historyMs, Number(wantedLag))) return undefined;
  return {
    setting: `min.compaction.lag.ms=${lag}`,
    consequence: 'the broker drops versions that the store still keeps',
    remedy: `min.compaction.lag.ms=${wantedLag}`,
  };
}

function policyOf(configs: Configs): ReadonlySet<string> {
  return new Set((configs.get('cleanup.policy') ?? '').split(',').map((part) => part.trim()));
}

function policySetting(configs: Configs): string {
  return `cleanup.policy=${configs.get('cleanup.policy') ?? '?'}`;
}

/** A limit: none if it is missing or negative. */
function numberOf(limit: string | undefined): number {
  const value = Number(limit ?? -1);
  return value < 0 ? Infinity : value;
}

function refusal({ topic, kind }: ExistingTopic, { setting, consequence, remedy }: Problem): TopologyError {
  return new TopologyError(
    'INTERNAL_TOPIC_MISMATCH',
    `The ${kind} topic '${topic}' has ${setting}: ${consequence}. Change it (kafka-configs.sh --alter --entity-type ` +
      `topics --entity-name ${topic} --add-config '${remedy}'). If it has lost something already, stop all instances ` +
      'and reset the application (its internal topics and local state).',
    { topic },
  );
}
