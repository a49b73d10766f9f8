import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Environment } from './environment.js';

/**
 * Prints the result of a benchmark as the last line, as one JSON object, and writes it to `benchmarks/results/` together with
 * the raw figures behind it.
 */
export function publish(name: string, environment: Environment, result: object, raw: object): void {
  const directory = fileURLToPath(new URL('../../results/', import.meta.url));
  mkdirSync(directory, { recursive: true });
  const file = `${directory}${name}-${environment.takenAt.replaceAll(':', '-').slice(0, 19)}.json`;
  const document = { benchmark: name, environment, ...result };
  writeFileSync(file, `${JSON.stringify({ ...document, ...raw }, null, 1)}\n`);
  console.log(`Raw figures: ${file}`);
  console.log(JSON.stringify(document));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('There is no median of nothing.');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Rounds figures for people: two decimals. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
