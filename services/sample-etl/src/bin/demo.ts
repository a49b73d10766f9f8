import { Demo } from '../demo/demo.js';
import { DEMO_USAGE, readDemoOptions, type DemoOptions } from '../demo/demo-options.js';
import { Terminal } from '../demo/terminal.js';

const INTERRUPTED = 130;

/** Command line of the demo. Exit code 0: the counts agree; 1: they do not, or it failed; 2: wrong options; 130: stopped. */
export async function main(args: readonly string[]): Promise<number> {
  let options: DemoOptions | 'help';
  try {
    options = readDemoOptions(args);
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${DEMO_USAGE}`);
    return 2;
  }
  if (options === 'help') {
    console.log(DEMO_USAGE);
    return 0;
  }
  return runDemo(options, new Terminal());
}

async function runDemo(options: DemoOptions, terminal: Terminal): Promise<number> {
  const abort = new AbortController();
  const interrupt = (): void => {
    // A second Ctrl-C does not wait for anything; what was started dies with this process.
    if (abort.signal.aborted) process.exit(INTERRUPTED);
    terminal.line();
    terminal.line('Stopping ...');
    abort.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return (await new Demo(options, terminal, abort.signal).run()) ? 0 : 1;
  } catch (error) {
    if (abort.signal.aborted) return INTERRUPTED;
    terminal.line();
    terminal.line(terminal.paint('red', `The demo failed: ${messageOf(error)}`));
    return 1;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
