import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

const addon = join(root, 'node_modules', '@confluentinc', 'kafka-javascript');
const patches = join(root, 'packages', 'framework', 'patches');

describe('patches of the Kafka addon', () => {
  for (const file of readdirSync(patches)) {
    it(`should fit the addon that is used (${file})`, () => {
      const { version } = JSON.parse(readFileSync(join(addon, 'package.json'), 'utf8'));
      assert.ok(file.startsWith(`kafka-javascript-${version}-`), `the addon is ${version}`);
      const lines = readFileSync(join(patches, file), 'utf8').split('\n');
      const source = /^--- a\/(\S+)$/m.exec(lines.join('\n'))?.[1];
      assert.ok(source);
      const hunk = lines.slice(lines.findIndex((line) => line.startsWith('@@')) + 1, -1);
      const before = hunk.filter((line) => !line.startsWith('+')).map((line) => line.slice(1));
      assert.equal(readFileSync(join(addon, source), 'utf8').split(before.join('\n')).length, 2);
    });
  }
});
