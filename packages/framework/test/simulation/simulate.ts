import { StreamsError } from '../../dist/errors/streams-error.js';
import { History, type HistoryResult } from './history.js';
import { isOfTheDead } from './ghosts.js';

/** Runs one history, with errors that nobody handles counted as violations of it. */
export async function simulate(seed: number, isTraced = false): Promise<HistoryResult> {
  const history = new History(seed, isTraced);
  const onUnhandled = (error: unknown): void => {
    if (!isOfTheDead(error))
      history.fail(`nobody handles ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  };
  process.on('unhandledRejection', onUnhandled);
  try {
    return await history.run();
  } finally {
    process.off('unhandledRejection', onUnhandled);
  }
}

/** A short form of how lives ended, for counting. */
export function endingOf(ending: HistoryResult['endings'][number]): string {
  if (typeof ending === 'string') return ending;
  const { error } = ending;
  return error instanceof StreamsError ? `${error.name} ${error.code}` : String(error);
}
