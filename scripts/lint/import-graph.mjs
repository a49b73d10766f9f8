// Reads which module imports which at run time, for the rule against cycles.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

// Statements that leave code behind: `import type` and `export type` are erased and cannot close a cycle.
const IMPORTS = /^\s*(?:import|export)\s+(?!type\b)[^'";]*?from\s+'(\.[^']+)'|^\s*import\s+'(\.[^']+)'/gm;

/** The TypeScript file that a relative specifier means, or undefined. */
export function resolveImport(from, specifier) {
  const file = resolve(dirname(from), specifier).replace(/\.js$/, '.ts');
  return existsSync(file) ? file : undefined;
}

/** All names of the clause are marked `type`: the statement is kept, but only for its side effects. */
function isOnlyTypes(statement) {
  const clause = /\{([^}]*)\}/.exec(statement)?.[1];
  if (clause === undefined || /^\s*(?:import|export)\s+\w+\s*,/.test(statement)) return false;
  const names = clause.split(',').filter((name) => name.trim() !== '');
  return names.length > 0 && names.every((name) => /^\s*type\s/.test(name));
}

/** Files that a module imports at run time. */
export function importsOf(file, text = readFileSync(file, 'utf8')) {
  return [...text.matchAll(IMPORTS)]
    .filter(([statement]) => !isOnlyTypes(statement))
    .map(([, from, bare]) => resolveImport(file, from ?? bare))
    .filter((target) => target !== undefined);
}

/**
 * Shortest way from `start` back to itself, or undefined.
 *
 * @param {string} start
 * @param {(file: string) => string[]} edges
 */
export function cycleThrough(start, edges) {
  const cameFrom = new Map();
  const queue = [start];
  for (const file of queue) {
    for (const next of edges(file)) {
      if (next === start) {
        const path = [start];
        for (let at = file; at !== start; at = cameFrom.get(at)) path.unshift(at);
        return [start, ...path];
      }
      if (!cameFrom.has(next)) {
        cameFrom.set(next, file);
        queue.push(next);
      }
    }
  }
  return undefined;
}
