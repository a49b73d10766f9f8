import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { errorCodesIn } from '../docs/error-codes.mjs';
import { allDependencies } from '../docs/manifests.mjs';
import { tableRows } from '../docs/tables.mjs';
import { codeBlocks, problemsIn } from '../docs/type-check.mjs';
import { root } from '../setup/paths.mjs';
import { filesBelow } from '../setup/projects.mjs';

const doc = (name) => join(root, 'docs', name);
const namesIn = (name) => tableRows(doc(name)).map((row) => row.name);

describe('docs/dependencies.md', () => {
  it('should have a line for each dependency and for nothing else', () => {
    assert.deepEqual(namesIn('dependencies.md').sort(), allDependencies());
  });

  it('should say for each what for, why this, and what else was looked at', () => {
    const incomplete = tableRows(doc('dependencies.md')).filter(
      ({ cells }) => cells.length !== 3 || cells.some((cell) => cell === ''),
    );
    assert.deepEqual(incomplete, []);
  });
});

describe('docs/errors.md', () => {
  const sources = filesBelow(join(root, 'packages')).filter((file) => /\/src\/.*\.ts$/.test(file));

  it('should list each error code in the sources and no other', () => {
    const used = [...new Set(sources.flatMap((file) => errorCodesIn(file)))].sort();
    assert.deepEqual([...new Set(namesIn('errors.md'))].sort(), used);
  });

  it('should give a cause and a remedy for each code', () => {
    const incomplete = tableRows(doc('errors.md')).filter(
      ({ cells }) => cells.length !== 2 || cells.some((cell) => cell === ''),
    );
    assert.deepEqual(incomplete, []);
  });

  it('should be compared with codes wherever they are written', () => {
    const text = `
      type XErrorCode = 'IN_TYPE' | 'IN_TYPE_TOO';
      class XError extends Error { declare readonly code: 'IN_FIELD'; constructor() { super('IN_SUPER', 'text'); } }
      function f(code: 'IN_PARAMETER') { throw new XError(code === 'NO' ? 'IN_CONDITION' : 'IN_CONDITION_TOO', 'TEXT'); }
    `;
    const found = errorCodesIn('x.ts', text);
    const expected = [
      'IN_CONDITION',
      'IN_CONDITION_TOO',
      'IN_FIELD',
      'IN_PARAMETER',
      'IN_SUPER',
      'IN_TYPE',
      'IN_TYPE_TOO',
    ];
    assert.deepEqual(found, expected);
  });
});

describe('README.md', () => {
  for (const file of ['README.md', 'packages/framework/README.md']) {
    it(`should show code that compiles (${file})`, () => {
      const blocks = codeBlocks(readFileSync(join(root, file), 'utf8'));
      assert.ok(blocks.length > 0);
      assert.deepEqual(blocks.flatMap(problemsIn), []);
    });
  }

  it('should be checked by a compiler that sees mistakes', () => {
    const code = "import { serdes } from '@millrace/framework';\nexport const n: number = serdes.json();\n";
    assert.match(problemsIn(code).join(), /not assignable to type 'number'/);
  });
});

describe('Markdown files', () => {
  const files = filesBelow(root).filter((file) => file.endsWith('.md'));

  it('should link to files that exist', () => {
    const broken = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target]) => resolve(dirname(file), target))
        .filter((target) => !existsSync(target))
        .map((target) => `${relative(root, file)} -> ${relative(root, target)}`),
    );
    assert.deepEqual(broken, []);
  });

  it('should name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const unknown = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\bnpm run ([\w:-]+)/g)]
        .filter(([, name]) => !(name in scripts))
        .map(([text]) => `${relative(root, file)}: ${text}`),
    );
    assert.deepEqual(unknown, []);
  });

  it('should give each decision record a number of its own in the form NNNN-title.md', () => {
    const records = filesBelow(doc('adr')).map((file) => relative(doc('adr'), file));
    const numbers = records.map((name) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1] ?? name).sort();
    assert.equal(new Set(numbers).size, numbers.length, `a number is used twice: ${numbers.join(', ')}`);
    assert.ok(numbers.every((number) => /^\d{4}$/.test(number)));
  });
});
