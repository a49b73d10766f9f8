// Type-checks pieces of TypeScript that stand in documentation.
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../setup/paths.mjs';

/** Fenced `ts` blocks of a Markdown text. */
export function codeBlocks(markdown) {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
}

/** What the compiler says about `code`, as if it lay beside the test of the framework: packages resolve as there. */
export function problemsIn(code) {
  const file = join(root, 'packages', 'framework', 'documentation-example.ts');
  const config = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  Object.assign(options, { composite: false, incremental: false, noEmit: true });
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? code : readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, code, options.target, true) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
