import { KafkaError } from '../../errors/errors.js';
import type { OauthBearerToken, SaslOauthBearerOptions } from '../options.js';

/** Part of a token's life for which it is given out; librdkafka asks for the next one after 80 %. */
const SERVE_FOR = 0.75;

/** The token that all clients of a cluster share. */
export class OauthTokens {
  private current: { readonly token: OauthBearerToken; readonly untilMs: number } | undefined;
  private asking: Promise<OauthBearerToken> | undefined;

  constructor(private readonly sasl: SaslOauthBearerOptions) {}

  /** @throws KafkaError `AUTHENTICATION_FAILED` if there is no token to be had */
  async get(): Promise<OauthBearerToken> {
    if (this.current !== undefined && Date.now() < this.current.untilMs) return this.current.token;
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask(): Promise<OauthBearerToken> {
    const askedAtMs = Date.now();
    let token;
    try {
      token = await this.sasl.token();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // The old one still serves connections that are opened meanwhile.
      if (this.current !== undefined && askedAtMs < this.current.token.expiresAtMs) return this.current.token;
      throw noToken(`sasl.token failed: ${reason.replace(/\.$/, '')}`, error);
    }
    if (typeof token.value !== 'string' || token.value === '') throw noToken('sasl.token gave a token without a value');
    if (!(token.expiresAtMs > askedAtMs)) {
      throw noToken(`sasl.token gave a token whose expiresAtMs, ${token.expiresAtMs}, is over`);
    }
    this.current = { token, untilMs: askedAtMs + (token.expiresAtMs - askedAtMs) * SERVE_FOR };
    return token;
  }
}

function noToken(reason: string, cause?: unknown): KafkaError {
  return new KafkaError(
    'AUTHENTICATION_FAILED',
    `Cannot log in to Kafka with OAUTHBEARER: ${reason}. Check the function, and the authorization server that it asks.`,
    { kafkaCode: '_AUTHENTICATION', isFatal: true, cause },
  );
}
