import assert from 'node:assert/strict';
import { isAtLeast } from '../setup/node-version.mjs';

describe('setup', () => {
  it('should compare versions by number', () => {
    assert.ok(isAtLeast('20.19.0', '20.19.0'));
    assert.ok(isAtLeast('20.20.0', '20.19.9'));
    assert.ok(isAtLeast('22.1.0', '20.19.0'));
    assert.ok(!isAtLeast('20.9.0', '20.19.0'));
    assert.ok(!isAtLeast('18.20.8', '20.19.0'));
  });
});
