import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { SetupError } from './report.mjs';

/** True if dotted version `have` is at least `want`. */
export function isAtLeast(have, want) {
  const a = have.split('.').map(Number);
  const b = want.split('.').map(Number);
  for (let i = 0; i < b.length; i++) {
    if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > b[i];
  }
  return true;
}

/** Compares the running Node.js with `engines.node` of the root package.json. */
export function checkNodeVersion() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const want = engines.node.replace('>=', '');
  const have = process.versions.node;
  if (!isAtLeast(have, want)) {
    throw new SetupError(
      `Node.js ${have} is too old: Millrace needs ${want} or later. Install it (https://nodejs.org, or your version manager) and run the command again.`,
    );
  }
  return `Node.js ${have} will do (${want} or later)`;
}
