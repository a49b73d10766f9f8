import {
  NetworkError,
  ProtocolError,
  saslOAuthBearer,
  saslPlain,
  saslScramSha,
  type SASLCustomAuthenticator,
  type SASLOptions as LibrarySasl,
} from '@platformatic/kafka';
import type { OauthTokens } from '../../connection/oauth-tokens.js';
import type { SaslOptions } from '../../options.js';

/** Part of a session's lifetime after which its connection is replaced. */
const RENEW_AFTER = 0.85;

type LibraryConnection = Parameters<SASLCustomAuthenticator>[1];
type SASLAuthenticationAPI = Parameters<SASLCustomAuthenticator>[2];
type SaslAuthenticateResponse = NonNullable<Parameters<Parameters<SASLCustomAuthenticator>[6]>[1]>;
type Finish = (error: Error | null, response?: SaslAuthenticateResponse) => void;

/**
 * Logs one connection in.
 *
 * Two traps of the library are kept away here (`@platformatic/kafka` 1.35, network/connection.js). It authenticates again
 * (KIP-368) while requests are sent, which brokers answer by closing the connection, and its timer for that outlives the
 * connection: so the lifetime is taken out of the answer, and a connection whose session ends is replaced. And its SCRAM
 * exchange throws out of a socket event when the server's message is malformed, which would end the process: here it
 * fails the login.
 */
export class SaslLogin {
  /** Why the broker has refused the login; `undefined` when it went well, or when only the connection broke. */
  refusal: string | undefined;
  /** When the connection must be replaced, by `performance.now()`; `Infinity` if the broker sets no limit. */
  renewAtMs = Infinity;

  /** @param tokens of a cluster that is logged in to with OAUTHBEARER */
  constructor(
    private readonly sasl: SaslOptions,
    private readonly tokens: OauthTokens | undefined,
  ) {}

  /** The library's setting that hands the login to this object. */
  settings(): LibrarySasl {
    return {
      mechanism: this.sasl.mechanism,
      authenticate: (_mechanism, connection, authenticate, _username, _password, _token, callback) => {
        let isFinished = false;
        const finish: Finish = (error, response) => {
          if (isFinished) return;
          isFinished = true;
          if (error === null && response !== undefined) {
            callback(null, this.withoutLifetime(response));
            return;
          }
          const failure = error ?? new Error('the broker sent no answer');
          this.refusal = refusalOf(failure);
          callback(failure);
        };
        try {
          this.exchange(guarded(authenticate, finish), connection, finish);
        } catch (error) {
          finish(error as Error);
        }
      },
    };
  }

  private exchange(authenticate: SASLAuthenticationAPI, connection: LibraryConnection, finish: Finish): void {
    const { sasl } = this;
    switch (sasl.mechanism) {
      case 'PLAIN':
        saslPlain.authenticate(authenticate, connection, sasl.username, sasl.password, finish);
        return;
      case 'SCRAM-SHA-256':
      case 'SCRAM-SHA-512': {
        const algorithm = sasl.mechanism === 'SCRAM-SHA-256' ? 'SHA-256' : 'SHA-512';
        const { username, password } = sasl;
        const { defaultCrypto } = saslScramSha;
        saslScramSha.authenticate(authenticate, connection, algorithm, username, password, defaultCrypto, finish);
        return;
      }
      case 'OAUTHBEARER':
        this.sendToken(authenticate, connection, finish).catch(finish);
        return;
      case 'GSSAPI':
        finish(new Error('this client cannot do GSSAPI'));
    }
  }

  /** A refused token is no error of the answer, but JSON in it (RFC 7628): the library takes it for a success. */
  private async sendToken(
    authenticate: SASLAuthenticationAPI,
    connection: LibraryConnection,
    finish: Finish,
  ): Promise<void> {
    if (this.tokens === undefined) throw new Error('there is no token');
    const { value, extensions = {} } = await this.tokens.get();
    saslOAuthBearer.authenticate(authenticate, connection, value, { ...extensions }, (error, response) => {
      const reason = response?.authBytes.toString() ?? '';
      if (error === null && reason !== '') finish(new Error(`Token refused: ${reason}`));
      else finish(error, response);
    });
  }

  private withoutLifetime(response: SaslAuthenticateResponse): SaslAuthenticateResponse {
    const lifetimeMs = Number(response.sessionLifetimeMs);
    if (lifetimeMs > 0) this.renewAtMs = performance.now() + lifetimeMs * RENEW_AFTER;
    return { ...response, sessionLifetimeMs: 0n };
  }
}

/** The same call; what its callback throws ends in `finish`. */
function guarded(authenticate: SASLAuthenticationAPI, finish: Finish): SASLAuthenticationAPI {
  const call = (connection: LibraryConnection, bytes: Buffer, callback?: Finish): void => {
    authenticate(connection, bytes, (error: Error | null, response?: SaslAuthenticateResponse) => {
      try {
        callback?.(error, response);
      } catch (thrown) {
        finish(thrown as Error);
      }
    });
  };
  return Object.assign(call, { async: authenticate.async, key: authenticate.key, version: authenticate.version });
}

/** The broker's reason, found among the causes; `undefined` if it was the network. */
function refusalOf(error: Error): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof NetworkError) return undefined;
    const answer: unknown = at instanceof AggregateError ? at.errors[0] : at;
    if (answer instanceof ProtocolError) return String(answer.serverErrorMessage ?? answer.message);
    if (at.cause === undefined) return at.message;
  }
  return error.message;
}
