import { statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LocalKafkaError } from './local-kafka-error.js';

/**
 * Where jars are kept between runs: `$MILLRACE_CACHE_DIR`, else `$XDG_CACHE_HOME/millrace`, else `~/.cache/millrace`.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return env['MILLRACE_CACHE_DIR'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace');
}

/** Where the CLI remembers the Kafka it started: `$XDG_STATE_HOME/millrace`, else `~/.local/state/millrace`. */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'millrace');
}

/**
 * Checks that the file system of an existing `directory` has room.
 *
 * @throws LocalKafkaError `DISK_FULL`, naming the directory, what is free and what is needed.
 */
export async function requireFreeSpace(directory: string, neededMb: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const freeMb = Math.floor((bavail * bsize) / 2 ** 20);
  if (freeMb >= neededMb) return;
  throw new LocalKafkaError(
    'DISK_FULL',
    `${what} needs ${neededMb} MB in ${directory}, and only ${freeMb} MB are free there. ` +
      `Free some space, or choose another disk (MILLRACE_CACHE_DIR for the jars, TMPDIR or the option dataDirectory for data).`,
  );
}
