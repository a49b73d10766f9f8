// The public API as a list: every exported name of every entry point of the published packages.
// `node scripts/docs/public-api.mjs` writes the lists anew after a change that was meant.
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { root } from '../setup/paths.mjs';
import { manifests } from './manifests.mjs';

/** Published packages with their `exports`. */
function entryPoints({ folder, manifest }) {
  return Object.entries(manifest.exports).map(([path, { types }]) => ({
    name: join(manifest.name, path),
    file: join(folder, types),
  }));
}

/** `class`, `function`, `type` ...: what importing the name gives. */
function kindOf(symbol, checker) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  if (target.flags & ts.SymbolFlags.Class) return 'class';
  if (target.flags & ts.SymbolFlags.Function) return 'function';
  return target.flags & ts.SymbolFlags.Value ? 'const' : 'type';
}

/** File with the list of a package, and what it should hold. @returns {{ file: string, text: string }[]} */
export function publicApi() {
  return manifests()
    .filter(({ manifest }) => manifest.private !== true)
    .map((packaged) => {
      const entries = entryPoints(packaged);
      const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
      const program = ts.createProgram(
        entries.map(({ file }) => file),
        options,
      );
      const checker = program.getTypeChecker();
      const sections = entries.map(({ name, file }) => {
        const module = checker.getSymbolAtLocation(program.getSourceFile(file));
        const lines = checker.getExportsOfModule(module).map((symbol) => `${kindOf(symbol, checker)} ${symbol.name}`);
        return [`# ${name}`, ...lines.sort()].join('\n');
      });
      return { file: join(packaged.folder, 'public-api.txt'), text: `${sections.join('\n\n')}\n` };
    });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { file, text } of publicApi()) {
    writeFileSync(file, text);
    console.log(`wrote ${relative(root, file)}`);
  }
}
