import { LocalKafkaError } from './local-kafka-error.js';
import type { ProgressListener } from './maven.js';

/** A user known to the brokers. */
export interface KafkaUser {
  readonly name: string;
  readonly password: string;
  /** What the user may do when there is an `authorizer`; nothing if left out. */
  readonly acls?: readonly AclRule[];
}

/** Allows operations on one resource. */
export interface AclRule {
  readonly resource: 'topic' | 'group' | 'cluster' | 'transactionalId';
  /** Name, or the prefix of names; `*` for all. For `cluster` it is `kafka-cluster`. */
  readonly name: string;
  /** @default 'literal' */
  readonly pattern?: 'literal' | 'prefixed';
  readonly operations: readonly AclOperation[];
}

export type AclOperation =
  | 'all'
  | 'read'
  | 'write'
  | 'create'
  | 'delete'
  | 'alter'
  | 'describe'
  | 'clusterAction'
  | 'describeConfigs'
  | 'alterConfigs'
  | 'idempotentWrite';

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

/** How clients must come in. Brokers and this package talk over a listener of their own, which needs none of it. */
export interface KafkaSecurity {
  /** TLS with a self-made certificate authority (see `LocalKafka.tls`). @default false */
  readonly tls?: boolean;
  /** SASL users; each may use every mechanism of `mechanisms`. */
  readonly users?: readonly KafkaUser[];
  /** @default all three, if there are users */
  readonly mechanisms?: readonly SaslMechanism[];
  /** Turns on the authorizer: users may do only what their `acls` allow. Needs `users`. @default false */
  readonly authorizer?: boolean;
}

export interface LocalKafkaOptions {
  /** Number of brokers; each is a controller, too. @default 1 */
  readonly brokers?: number;
  /** Port of the first broker; the others take the next ones. @default free ports */
  readonly port?: number;
  /** Also starts a schema registry with Confluent's API. @default false */
  readonly schemaRegistry?: boolean;
  /**
   * Where data and logs go. A folder named here is kept when the Kafka stops, and a later start goes on with its data.
   * @default a new temporary folder, removed at stop
   */
  readonly dataDirectory?: string;
  /** `group.consumer.session.timeout.ms`: how long a killed consumer keeps its partitions. ms. @default 6000 */
  readonly groupSessionTimeoutMs?: number;
  /** `group.consumer.heartbeat.interval.ms`: how fast a rebalance goes. ms. @default 500 */
  readonly groupHeartbeatIntervalMs?: number;
  /** Further server.properties; they win over this package's. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  readonly security?: KafkaSecurity;
  /** Heap of each broker, MB. @default 768 */
  readonly heapMb?: number;
  /**
   * `fast-start` compiles with the quick compiler only, which halves the start and costs throughput; `throughput` is the
   * JVM's own way, for benchmarks.
   * @default 'fast-start'
   */
  readonly tuning?: 'fast-start' | 'throughput';
  /** How long a broker may take to answer. ms. @default 60000 */
  readonly startTimeoutMs?: number;
  /** Told what is going on, line by line. @default nobody */
  readonly onProgress?: ProgressListener;
}

/** The options with all defaults filled in. */
export interface ResolvedOptions {
  readonly brokers: number;
  readonly port: number | undefined;
  readonly schemaRegistry: boolean;
  readonly dataDirectory: string | undefined;
  readonly groupSessionTimeoutMs: number;
  readonly groupHeartbeatIntervalMs: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly security: ResolvedSecurity | undefined;
  readonly heapMb: number;
  readonly tuning: 'fast-start' | 'throughput';
  readonly startTimeoutMs: number;
  readonly onProgress: ProgressListener;
}

export interface ResolvedSecurity {
  readonly tls: boolean;
  readonly users: readonly KafkaUser[];
  readonly mechanisms: readonly SaslMechanism[];
  readonly authorizer: boolean;
}

const KNOWN = new Set<string>([
  'brokers',
  'port',
  'schemaRegistry',
  'dataDirectory',
  'groupSessionTimeoutMs',
  'groupHeartbeatIntervalMs',
  'properties',
  'security',
  'heapMb',
  'tuning',
  'startTimeoutMs',
  'onProgress',
] satisfies (keyof LocalKafkaOptions)[]);

/** Validates and freezes. @throws LocalKafkaError `INVALID_OPTION` */
export function resolveOptions(options: LocalKafkaOptions): ResolvedOptions {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) invalid(name, `is not known; known are ${[...KNOWN].join(', ')}`);
  }
  const { brokers = 1, port, groupSessionTimeoutMs = 6000, groupHeartbeatIntervalMs = 500 } = options;
  requireInteger('brokers', brokers, 1, 9);
  if (port !== undefined) requireInteger('port', port, 1, 65536 - brokers);
  requireInteger('groupSessionTimeoutMs', groupSessionTimeoutMs, 100, 3_600_000);
  requireInteger('groupHeartbeatIntervalMs', groupHeartbeatIntervalMs, 10, groupSessionTimeoutMs - 1);
  const { heapMb = 768, startTimeoutMs = 60_000 } = options;
  requireInteger('heapMb', heapMb, 256, 65536);
  requireInteger('startTimeoutMs', startTimeoutMs, 1, 3_600_000);
  const properties = Object.entries(options.properties ?? {}).map(([key, value]) => [key, String(value)] as const);
  return Object.freeze({
    brokers,
    port,
    schemaRegistry: options.schemaRegistry ?? false,
    dataDirectory: options.dataDirectory,
    groupSessionTimeoutMs,
    groupHeartbeatIntervalMs,
    properties: Object.freeze(Object.fromEntries(properties)),
    security: resolveSecurity(options.security),
    heapMb,
    tuning: options.tuning ?? 'fast-start',
    startTimeoutMs,
    onProgress: options.onProgress ?? (() => undefined),
  });
}

function resolveSecurity(security: KafkaSecurity | undefined): ResolvedSecurity | undefined {
  if (security === undefined) return undefined;
  const { tls = false, users = [], authorizer = false } = security;
  if (authorizer && users.length === 0) invalid('security.authorizer', 'needs security.users: it decides by user name');
  for (const { name, password } of users) {
    if (!/^[\w.-]+$/.test(name))
      invalid('security.users', `has the name '${name}'; use letters, digits, '_', '.' and '-'`);
    if (!/^[\w.-]+$/.test(password))
      invalid(
        'security.users',
        `gives ${name} a password with other characters than letters, digits, '_', '.' and '-'`,
      );
  }
  const mechanisms = security.mechanisms ?? ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
  return { tls, users, mechanisms: users.length === 0 ? [] : mechanisms, authorizer };
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  invalid(name, `is ${value} and must be a whole number from ${least} to ${most}`);
}

function invalid(name: string, problem: string): never {
  throw new LocalKafkaError('INVALID_OPTION', `Option ${name} of the local Kafka ${problem}.`);
}
