import { choiceOf, UsageError, type Choice } from './choice.js';
import { endingOf, simulate } from './simulate.js';
import type { HistoryResult } from './history.js';

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
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 2;
}
