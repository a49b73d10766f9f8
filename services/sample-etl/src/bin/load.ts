import { Terminal } from '../demo/terminal.js';
import { load, LOAD_USAGE, readLoadOptions } from '../loader/load-command.js';

/** Command line of the loader. Exit code 0: everything is written; 1: it failed; 2: wrong options. */
export async function main(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = readLoadOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${LOAD_USAGE}`);
    return 2;
  }
  if (options === 'help') {
    console.log(LOAD_USAGE);
    return 0;
  }
  try {
    await load(options, new Terminal());
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
