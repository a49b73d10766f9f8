import assert from 'node:assert/strict';
import { OauthTokens } from '../../../dist/client/connection/oauth-tokens.js';
import type { OauthBearerToken } from '../../../dist/client/options.js';

function tokens(token: () => OauthBearerToken | Promise<OauthBearerToken>): OauthTokens {
  return new OauthTokens({ mechanism: 'OAUTHBEARER', token });
}

const lifeMs = (ms: number): { expiresAtMs: number } => ({ expiresAtMs: Date.now() + ms });
const refusal = { code: 'AUTHENTICATION_FAILED', isFatal: true };

describe('OauthTokens', () => {
  it('should ask once for all who want a token', async () => {
    let asked = 0;
    const shared = tokens(async () => {
      await Promise.resolve();
      return { value: `token ${++asked}`, ...lifeMs(60_000) };
    });
    const got = await Promise.all([shared.get(), shared.get()]);
    got.push(await shared.get());
    assert.deepEqual(new Set(got.map(({ value }) => value)), new Set(['token 1']));
  });

  it('should ask again after three quarters of the life of a token', async () => {
    let asked = 0;
    const shared = tokens(() => ({ value: `token ${++asked}`, ...lifeMs(40) }));
    assert.equal((await shared.get()).value, 'token 1');
    await new Promise((resolve) => setTimeout(resolve, 32));
    assert.equal((await shared.get()).value, 'token 2');
  });

  it('should give out the old token while there is no new one, until it expires', async () => {
    let isAway = false;
    const shared = tokens(() => {
      if (isAway) throw new Error('away');
      return { value: 'old', ...lifeMs(400) };
    });
    const { expiresAtMs } = await shared.get();
    isAway = true;
    await new Promise((resolve) => setTimeout(resolve, expiresAtMs - Date.now() - 90));
    assert.equal((await shared.get()).value, 'old');
    await new Promise((resolve) => setTimeout(resolve, expiresAtMs - Date.now() + 5));
    await assert.rejects(shared.get(), { ...refusal, message: /sasl\.token failed: away\. Check the function/ });
    isAway = false;
    assert.equal((await shared.get()).value, 'old', 'asked again');
  });

  it('should refuse tokens that are no use', async () => {
    await assert.rejects(tokens(() => ({ value: '', ...lifeMs(1000) })).get(), {
      ...refusal,
      message: /without a value/,
    });
    await assert.rejects(tokens(() => ({ value: 'x', expiresAtMs: NaN })).get(), {
      ...refusal,
      message: /expiresAtMs, NaN/,
    });
  });
});
