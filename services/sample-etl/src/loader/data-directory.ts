import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the package vega-datasets keeps its files (its `exports` has no entry for them). */
export function dataDirectory(): string {
  const entryPoint = fileURLToPath(import.meta.resolve('vega-datasets'));
  return join(dirname(dirname(entryPoint)), 'data');
}
