import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { publicApi } from '../docs/public-api.mjs';
import { root } from '../setup/paths.mjs';

describe('public API', () => {
  it('should be what public-api.txt of each package lists', () => {
    for (const { file, text } of publicApi()) {
      const advice = `${relative(root, file)} differs; if that is meant: node scripts/docs/public-api.mjs`;
      assert.equal(readFileSync(file, 'utf8'), text, advice);
    }
  });
});
