import { parseArgs } from 'node:util';
import { endingOf, simulate } from './simulate.js';
import type { HistoryResult } from './history.js';

const USAGE = `Usage: npm run simulate -- [--seeds N] [--from S] [--seed X] [--trace] [--keep-going]

  --seeds N      how many histories to run (default 1000)
  --from S       the first seed (default 1)
  --seed X       only this one
  --trace        print what happens in it, line by line
  --keep-going   do not stop at the first violation`;

interface Choice {
  readonly from: number;
  readonly to: number;
  readonly isTraced: boolean;
  readonly keepsGoing: boolean;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not '${text}'`);
  return value;
}

function choiceOf(args: readonly string[]): Choice {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  });
  const { trace: isTraced, 'keep-going': keepsGoing } = values;
  const from = wholeNumber(values.seed === undefined ? 'from' : 'seed', values.seed ?? values.from);
  const count = values.seed === undefined ? wholeNumber('seeds', values.seeds) : 1;
  return { from, to: from + count - 1, isTraced, keepsGoing };
}

/** @returns the number of violations */
async function runSeeds({ from, to, isTraced, keepsGoing }: Choice): Promise<number> {
  const startedMs = performance.now();
  const endings = new Map<string, number>();
  let [ran, violations, failures, crashes, virtualMs, shownMs] = [0, 0, 0, 0, 0, startedMs];
  for (let seed = from; seed <= to; seed++) {
    const result = await simulate(seed, isTraced);
    ran++;
    failures += result.failures;
    crashes += result.crashes;
    virtualMs += result.virtualMs;
    for (const ending of result.endings) endings.set(endingOf(ending), (endings.get(endingOf(ending)) ?? 0) + 1);
    if (isTraced) console.log(result.trace.join('\n'));
    if (result.violation !== undefined) {
      violations++;
      report(result);
      if (!keepsGoing) break;
    }
    if (performance.now() - shownMs > 10_000) {
      shownMs = performance.now();
      console.log(`  ${ran} histories, ${((ran * 1_000) / (shownMs - startedMs)).toFixed(1)} a second`);
    }
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(
    `${ran} histories (seeds ${from} to ${from + ran - 1}) in ${seconds.toFixed(1)} s, ${(ran / seconds).toFixed(1)} a second: ` +
      `${(virtualMs / 3_600_000).toFixed(1)} simulated hours, ${failures} failures injected, ${crashes} crashes`,
  );
  console.log(
    `Lives ended: ${[...endings]
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  );
  console.log(violations === 0 ? 'No violation.' : `${violations} violations.`);
  return violations;
}

function report({ settings, violation }: HistoryResult): void {
  console.log(`\nVIOLATION in seed ${settings.seed}: ${violation}`);
  console.log(`  ${JSON.stringify(settings)}`);
  console.log(`  Again: npm run simulate -- --seed ${settings.seed} --trace\n`);
}

try {
  process.exitCode = (await runSeeds(choiceOf(process.argv.slice(2)))) === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error && 'code' in error ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 2;
}
