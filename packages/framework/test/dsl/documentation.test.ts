import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const packageRoot = new URL('../../', import.meta.url);

/** All TypeScript blocks of a page, one after the other in one module, on the lines where they are in the page. */
function examplesOf(page: string): string {
  let isExample = false;
  return page
    .split('\n')
    .map((line) => {
      if (line.startsWith('```')) {
        isExample = line === '```ts';
        return '';
      }
      return isExample ? line : '';
    })
    .join('\n');
}

/** Errors of a module that exists in memory only, beside the package's sources, as `line: message`. */
function typeErrors(source: string): string[] {
  const fileName = fileURLToPath(new URL('examples-of-the-dsl-page.ts', packageRoot));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    readFile: (name) => (name === fileName ? source : disk.readFile(name)),
    fileExists: (name) => name === fileName || disk.fileExists(name),
    getSourceFile: (name, version) =>
      name === fileName ? ts.createSourceFile(name, source, version) : disk.getSourceFile(name, version),
  };
  const program = ts.createProgram([fileName], options, host);
  return ts.getPreEmitDiagnostics(program, program.getSourceFile(fileName)).map((diagnostic) => {
    const { line } = ts.getLineAndCharacterOfPosition(ts.createSourceFile('', source, 99), diagnostic.start ?? 0);
    return `${line + 1}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
  });
}

describe('docs/dsl.md', function () {
  this.timeout(60_000);
  const page = readFileSync(new URL('../../docs/dsl.md', packageRoot), 'utf8');

  it('should have examples that type-check', () => {
    const examples = examplesOf(page);
    assert.ok(examples.includes('flights.mapValuesAsync('));
    // One wrong line at the end shows that errors are seen at all.
    const wrong = 'const notText: string = flights;';
    const errors = typeErrors(`${examples}\n${wrong}\n`);
    assert.equal(errors.length, 1, errors.join('\n'));
    assert.match(errors[0] ?? '', /KStream<string, Flight>.*not assignable to type 'string'/);
  });
});
