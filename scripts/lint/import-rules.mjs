// ESLint plugin of the repository: import direction, homes of packages, no cycles.
import { join, relative, sep } from 'node:path';
import { root } from '../setup/paths.mjs';
import { cycleThrough, importsOf, resolveImport } from './import-graph.mjs';
import { layers, packageHomes } from './layers.mjs';

const frameworkSrc = join(root, 'packages', 'framework', 'src');

/** Calls `check(node, specifier)` for each static or dynamic import and re-export. */
function forEachImport(check) {
  const visit = (node) => {
    if (node.source?.type === 'Literal') check(node.source, String(node.source.value));
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
  };
}

function layerOf(file) {
  const [folder, ...rest] = relative(frameworkSrc, file).split(sep);
  return rest.length === 0 || folder === '..' ? undefined : folder;
}

const direction = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { wrong: '{{ from }}/ must not import {{ to }}/ (scripts/lint/layers.mjs)' },
  },
  create(context) {
    const from = layerOf(context.filename);
    if (from === undefined) return {};
    return forEachImport((node, specifier) => {
      if (!specifier.startsWith('.')) return;
      const target = resolveImport(context.filename, specifier);
      const to = target === undefined ? undefined : (layerOf(target) ?? 'index');
      if (to === undefined || to === from || (layers[from] ?? []).includes(to)) return;
      context.report({ node, messageId: 'wrong', data: { from, to } });
    });
  },
};

const packageHome = {
  meta: { type: 'problem', schema: [], messages: { wrong: '{{ name }} may be imported in {{ home }}/ only' } },
  create(context) {
    const file = relative(frameworkSrc, context.filename);
    // The index has no code: it only passes on what the folders and their packages export.
    if (file.startsWith('..') || file === 'index.ts') return {};
    return forEachImport((node, specifier) => {
      for (const { package: name, home } of packageHomes) {
        const matches = specifier === name || specifier.startsWith(name.endsWith('/') ? name : `${name}/`);
        if (matches && !file.startsWith(`${home}${sep}`)) {
          context.report({ node, messageId: 'wrong', data: { name: specifier, home } });
        }
      }
    });
  },
};

const edges = new Map();

/** Imports of files other than the one being linted, read once per run. */
function cachedImports(file) {
  if (!edges.has(file)) edges.set(file, importsOf(file));
  return edges.get(file);
}

const noCycle = {
  meta: { type: 'problem', schema: [], messages: { cycle: 'import cycle: {{ path }}' } },
  create(context) {
    return {
      Program(node) {
        const { filename } = context;
        const own = importsOf(filename, context.sourceCode.text);
        const path = cycleThrough(filename, (file) => (file === filename ? own : cachedImports(file)));
        if (path === undefined) return;
        context.report({
          node,
          messageId: 'cycle',
          data: { path: path.map((file) => relative(root, file)).join(' -> ') },
        });
      },
    };
  },
};

export default { rules: { direction, 'package-home': packageHome, 'no-cycle': noCycle } };
