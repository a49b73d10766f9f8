import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Log file of a setup step. */
export function logPath(name) {
  return join(root, '.cache', 'setup', `${name}.log`);
}

/** The user's cache folder for Millrace: outlives a clone. */
export function userCache(...parts) {
  const folder =
    process.env.MILLRACE_CACHE_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace');
  return join(folder, ...parts);
}

/** The command-line file of an installed package, run with this Node.js. */
export function binOf(packageName, file) {
  return join(root, 'node_modules', packageName, file);
}
