// What the setup steps print: one plain line for each, with the time it took.

const startedAtMs = Date.now();

/** Prints one line under the common prefix. */
export function say(text) {
  console.log(`setup: ${text}`);
}

/** `12.3 s` since a `Date.now()`. */
export function since(startMs) {
  return `${((Date.now() - startMs) / 1000).toFixed(1)} s`;
}

/**
 * Runs one step and prints what it did. `work` returns the text for the line, e.g. `dependencies are installed`.
 */
export async function step(work) {
  const startMs = Date.now();
  say(`${await work()} (${since(startMs)})`);
}

/** Total time since this process began its setup. */
export function total() {
  return since(startedAtMs);
}

/** A failure whose message is all that the person needs: printed without a stack. */
export class SetupError extends Error {}
