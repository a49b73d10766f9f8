import { parseArgs } from 'node:util';

const USAGE = `Usage: npm run simulate -- [--seeds N] [--from S] [--seed X] [--trace] [--keep-going]

  --seeds N      how many histories to run (default 1000)
  --from S       the first seed (default 1)
  --seed X       only this one
  --trace        print what happens in it, line by line
  --keep-going   do not stop at the first violation`;

/** Which histories to run. */
export interface Choice {
  readonly from: number;
  readonly to: number;
  readonly isTraced: boolean;
  readonly keepsGoing: boolean;
}

/** What the command line asks for cannot be done; the message ends with what can be. */
export class UsageError extends Error {
  constructor(problem: string) {
    super(`${problem}\n\n${USAGE}`);
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${name} must be a whole number from ${least} on, not '${text}'.`);
}

/** @throws UsageError */
export function choiceOf(args: readonly string[]): Choice {
  const values = valuesOf(args);
  const { trace: isTraced, 'keep-going': keepsGoing } = values;
  const from = wholeNumber(values.seed === undefined ? 'from' : 'seed', values.seed ?? values.from, 0);
  const count = values.seed === undefined ? wholeNumber('seeds', values.seeds, 1) : 1;
  return { from, to: from + count - 1, isTraced, keepsGoing };
}

function valuesOf(args: readonly string[]) {
  const options = {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
