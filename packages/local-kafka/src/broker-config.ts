import type { ResolvedOptions, ResolvedSecurity } from './options.js';
import type { TlsFiles } from './tls-files.js';

export const HOST = '127.0.0.1';

/** Ports of one broker. */
export interface BrokerPorts {
  readonly client: number;
  readonly controller: number;
  /** A listener without security for the brokers and this package; undefined if clients need none either. */
  readonly internal: number | undefined;
}

export interface BrokerConfigInput {
  readonly id: number;
  /** Ports of all brokers; broker 1 first. */
  readonly ports: readonly BrokerPorts[];
  readonly dataDirectory: string;
  readonly options: ResolvedOptions;
  readonly tls: TlsFiles | undefined;
}

/** The server.properties of one broker. The options' own `properties` win. */
export function brokerProperties(input: BrokerConfigInput): Record<string, string> {
  const { options } = input;
  return {
    ...listenerProperties(input),
    ...securityProperties(options.security, input.tls),
    ...replicationProperties(options.brokers),
    'log.dirs': input.dataDirectory,
    // A topic that is missing is a mistake that a service must hear of.
    'auto.create.topics.enable': 'false',
    // Data is thrown away at the end anyway, and event times years back must not make it vanish at once.
    'log.retention.ms': '-1',
    'log.cleaner.dedupe.buffer.size': String(16 * 2 ** 20),
    // Tests of compacted topics wait for the cleaner.
    'log.cleaner.backoff.ms': '500',
    // Consumers of tests are killed: let the group notice in seconds. The lower bounds would forbid it.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '100',
    'group.consumer.min.session.timeout.ms': '100',
    'group.consumer.session.timeout.ms': String(options.groupSessionTimeoutMs),
    'group.consumer.min.heartbeat.interval.ms': '10',
    'group.consumer.heartbeat.interval.ms': String(options.groupHeartbeatIntervalMs),
    // How soon the transaction of a killed producer is aborted after its time-out.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
    // A killed broker is noticed after the session time-out.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'num.recovery.threads.per.data.dir': '1',
    'background.threads': '4',
    ...options.properties,
  };
}

/** Writes properties as Java reads them. */
export function formatProperties(properties: Readonly<Record<string, string>>): string {
  const escape = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${escape(value)}\n`)
    .join('');
}

function listenerProperties(input: BrokerConfigInput): Record<string, string> {
  const ports = input.ports[input.id - 1];
  if (ports === undefined) throw new RangeError(`broker ${input.id} has no ports`);
  const clientListeners = [`CLIENTS://${HOST}:${ports.client}`];
  if (ports.internal !== undefined) clientListeners.push(`INTERNAL://${HOST}:${ports.internal}`);
  const voters = input.ports.map((peer, index) => `${index + 1}@${HOST}:${peer.controller}`);
  const clientProtocol = securityProtocol(input.options.security);
  return {
    'process.roles': 'broker,controller',
    'node.id': String(input.id),
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: [...clientListeners, `CONTROLLER://${HOST}:${ports.controller}`].join(','),
    'advertised.listeners': clientListeners.join(','),
    'inter.broker.listener.name': ports.internal === undefined ? 'CLIENTS' : 'INTERNAL',
    'listener.security.protocol.map': `CLIENTS:${clientProtocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
  };
}

function replicationProperties(brokers: number): Record<string, string> {
  const factor = String(Math.min(3, brokers));
  const minIsr = String(Math.min(2, brokers));
  return {
    'default.replication.factor': factor,
    'min.insync.replicas': minIsr,
    'offsets.topic.replication.factor': factor,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': minIsr,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': minIsr,
    'share.coordinator.state.topic.num.partitions': '2',
  };
}

function securityProtocol(security: ResolvedSecurity | undefined): string {
  if (security === undefined) return 'PLAINTEXT';
  if (security.users.length > 0) return security.tls ? 'SASL_SSL' : 'SASL_PLAINTEXT';
  return security.tls ? 'SSL' : 'PLAINTEXT';
}

function securityProperties(security: ResolvedSecurity | undefined, tls: TlsFiles | undefined): Record<string, string> {
  const properties: Record<string, string> = {};
  const prefix = 'listener.name.clients.';
  if (tls !== undefined) {
    properties[`${prefix}ssl.keystore.type`] = 'PKCS12';
    properties[`${prefix}ssl.keystore.location`] = tls.keystore;
    properties[`${prefix}ssl.keystore.password`] = tls.keystorePassword;
    properties[`${prefix}ssl.key.password`] = tls.keystorePassword;
  }
  if (security === undefined || security.users.length === 0) return properties;
  properties[`${prefix}sasl.enabled.mechanisms`] = security.mechanisms.join(',');
  const plainUsers = security.users.map((user) => ` user_${user.name}="${user.password}"`).join('');
  for (const mechanism of security.mechanisms) {
    properties[`${prefix}${mechanism.toLowerCase()}.sasl.jaas.config`] =
      mechanism === 'PLAIN'
        ? `org.apache.kafka.common.security.plain.PlainLoginModule required${plainUsers};`
        : 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  }
  if (security.authorizer) {
    properties['authorizer.class.name'] = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';
    // Who comes in over the listeners without security: the brokers and this package.
    properties['super.users'] = 'User:ANONYMOUS';
  }
  return properties;
}
