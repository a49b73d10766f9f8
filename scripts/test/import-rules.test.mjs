import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Linter } from 'eslint';
import imports from '../lint/import-rules.mjs';
import { root } from '../setup/paths.mjs';

describe('import rules', () => {
  const config = [
    {
      files: ['**/*.ts'],
      plugins: { millrace: imports },
      rules: { 'millrace/direction': 'error', 'millrace/package-home': 'error', 'millrace/no-cycle': 'error' },
    },
  ];
  const lint = (file, code) =>
    new Linter({ cwd: root })
      .verify(code, config, { filename: join(root, 'packages', 'framework', 'src', file) })
      .map(({ ruleId, message }) => `${ruleId}: ${message}`);

  it('should let upper folders import lower ones', () => {
    assert.deepEqual(lint('runtime/new-file.ts', "import { Topology } from '../topology/topology.js';"), []);
  });

  it('should refuse the other direction, for re-exports and dynamic imports as well', () => {
    for (const code of [
      "import { ClientLifecycle } from '../runtime/client-state.js';",
      "export { ClientLifecycle } from '../runtime/client-state.js';",
      "await import('../runtime/client-state.js');",
    ]) {
      assert.match(lint('state/new-file.ts', code).join(), /millrace\/direction: state\/ must not import runtime\//);
    }
  });

  it('should let nobody import the index', () => {
    const code = "import { StreamsError } from '../index.js';";
    assert.match(lint('client/new-file.ts', code).join(), /client\/ must not import index\//);
  });

  it('should keep packages in their homes', () => {
    const code = "import kafka from '@confluentinc/kafka-javascript'; import pino from 'pino';";
    assert.equal(lint('runtime/new-file.ts', code).length, 2);
    assert.deepEqual(lint('client/confluent/new-file.ts', "import kafka from '@confluentinc/kafka-javascript';"), []);
    assert.deepEqual(lint('dsl/new-file.ts', "import x from 'pinocchio';"), []);
  });

  it('should find a cycle that the file closes', () => {
    const code = "import { serdes } from './serdes.js';";
    assert.match(lint('serde/json-serde.ts', code).join(), /no-cycle: import cycle: .*json-serde\.ts -> .*serdes\.ts/);
  });
});
