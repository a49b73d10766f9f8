/** How to reach a Kafka cluster. The same settings serve every client that Millrace opens. */
export interface KafkaConnectionOptions {
  /** `host:port`, several separated by commas or as a list. */
  readonly bootstrapServers: string | readonly string[];
  /** Prefix of the client ids seen by the broker. @default the application id */
  readonly clientId?: string;
  /** TLS: `true` for the system's certificate authorities. @default false */
  readonly tls?: boolean | TlsOptions;
  readonly sasl?: SaslOptions;
  /** Rack (availability zone) of this process, for fetching from the closest replica (KIP-392). */
  readonly rack?: string;
  /** How long a request to the broker may take, in ms, before a clear error. @default 30000 */
  readonly requestTimeoutMs?: number;
  /**
   * How long to look for a broker that answers when the first client opens, in ms.
   * @default 5000, or requestTimeoutMs if that is less
   */
  readonly connectTimeoutMs?: number;
  /**
   * What reads records: `wire` speaks the Kafka protocol in JavaScript and decodes records about five times faster;
   * `addon` is the consumer of `@confluentinc/kafka-javascript`. Everything else is done by the addon in both cases.
   * @default 'wire'
   */
  readonly fetcher?: 'wire' | 'addon';
}

export interface TlsOptions {
  /** PEM text of the certificate authorities. */
  readonly ca?: string;
  /** PEM text of the client certificate. */
  readonly cert?: string;
  /** PEM text of the client key. */
  readonly key?: string;
  readonly passphrase?: string;
  /** Check that the certificate names the host. @default true */
  readonly verifyHostname?: boolean;
}

export interface SaslOptions {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}
