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
   * What reads records: `wire` speaks the Kafka protocol in JavaScript and takes about a tenth of the CPU per record;
   * `addon` is the consumer of `@confluentinc/kafka-javascript`. Groups, transactions and producing are the addon's either way.
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

/** How a client proves who it is. */
export type SaslOptions = SaslPasswordOptions | SaslOauthBearerOptions | SaslKerberosOptions;

export interface SaslPasswordOptions {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

/** A token of an authorization server (KIP-255). */
export interface SaslOauthBearerOptions {
  readonly mechanism: 'OAUTHBEARER';
  /**
   * Gets a token. It is asked once for all clients, and again when three quarters of the token's life are over. While it
   * fails, those that have a token go on until theirs expires.
   */
  readonly token: () => OauthBearerToken | Promise<OauthBearerToken>;
}

export interface OauthBearerToken {
  /** The token itself, e.g. a JWT. */
  readonly value: string;
  /** When it expires, ms since the epoch. */
  readonly expiresAtMs: number;
  /** Whom it stands for; for the log only. @default '' */
  readonly principal?: string;
  /** SASL extensions (KIP-342) that the broker wants. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** Kerberos. Needs a Kafka addon that was built with it: the prebuilt ones are not. */
export interface SaslKerberosOptions {
  readonly mechanism: 'GSSAPI';
  /** First part of the brokers' principals. @default 'kafka' */
  readonly serviceName?: string;
  /** This client's principal. @default `kafkaclient` */
  readonly principal?: string;
  /** File with the key of the principal. @default that of the Kerberos configuration */
  readonly keytab?: string;
  /** Command that gets or renews the ticket, with librdkafka's `%{...}` places; empty for none. @default `kinit` with the keytab */
  readonly kinitCommand?: string;
}
