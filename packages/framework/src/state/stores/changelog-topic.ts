import type { StoreSettings } from './store-settings.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What the time of a store means for its changelog. */
export interface ChangelogRetention {
  /** Window and session stores: how long windows are kept, ms. */
  readonly retentionMs?: number;
  /** Versioned stores: how long replaced versions are kept, ms. */
  readonly historyRetentionMs?: number;
}

export interface ChangelogTopicOptions {
  /** Added to the retention of window and session stores (`windowstore.changelog.additional.retention.ms`). @default 86400000 */
  readonly additionalRetentionMs?: number;
  /** Settings for all internal topics; those of the store's builder take precedence. */
  readonly defaults?: Readonly<Record<string, string>>;
}

/** The changelog of a store: everything about it that does not depend on the application's id. */
export interface StoreChangelog {
  /** Suffix of the topic's name: `<application id>-<store>-changelog` is `<application id>-` and this. */
  readonly suffix: string;
  readonly retention: ChangelogRetention;
  /**
   * Settings to create the topic with, as Kafka Streams does (`UnwindowedUnversioned-`, `Windowed-` and
   * `VersionedChangelogTopicConfig`): compact; compact,delete with retention + a day for windows; compact with a
   * compaction lag of history + a day for versions. Order of precedence: builder, `defaults`, Millrace.
   */
  topicConfig(options?: ChangelogTopicOptions): Record<string, string>;
}

/** Describes the changelog of a store. */
export function changelogOf(settings: StoreSettings, retention: ChangelogRetention): StoreChangelog {
  return {
    suffix: `${settings.name}-changelog`,
    retention,
    topicConfig({ additionalRetentionMs = DAY_MS, defaults = {} } = {}) {
      const isWindowed = retention.retentionMs !== undefined;
      const config: Record<string, string> = {
        'cleanup.policy': isWindowed ? 'compact,delete' : 'compact',
        'message.timestamp.type': 'CreateTime',
        ...defaults,
        ...settings.topicConfig,
      };
      if (retention.retentionMs !== undefined && settings.topicConfig['retention.ms'] === undefined) {
        config['retention.ms'] = String(retention.retentionMs + additionalRetentionMs);
      }
      if (retention.historyRetentionMs !== undefined && settings.topicConfig['min.compaction.lag.ms'] === undefined) {
        config['min.compaction.lag.ms'] = String(retention.historyRetentionMs + DAY_MS);
      }
      return config;
    },
  };
}
