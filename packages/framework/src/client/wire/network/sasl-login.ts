import {
  NetworkError,
  ProtocolError,
  saslPlain,
  saslScramSha,
  type SASLCustomAuthenticator,
  type SASLOptions as LibrarySasl,
} from '@platformatic/kafka';
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
  /** When the connection must be replaced, ms since the epoch; `Infinity` if the broker sets no limit. */
  renewAtMs = Infinity;

  constructor(private readonly sasl: SaslOptions) {}

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
    const { mechanism, username, password } = this.sasl;
    if (mechanism === 'PLAIN') {
      saslPlain.authenticate(authenticate, connection, username, password, finish);
      return;
    }
    const algorithm = mechanism === 'SCRAM-SHA-256' ? 'SHA-256' : 'SHA-512';
    const { defaultCrypto } = saslScramSha;
    saslScramSha.authenticate(authenticate, connection, algorithm, username, password, defaultCrypto, finish);
  }

  private withoutLifetime(response: SaslAuthenticateResponse): SaslAuthenticateResponse {
    const lifetimeMs = Number(response.sessionLifetimeMs);
    if (lifetimeMs > 0) this.renewAtMs = Date.now() + lifetimeMs * RENEW_AFTER;
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
