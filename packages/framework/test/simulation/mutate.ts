import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildMutant, mutantsFolder } from './mutant-build.js';
import { mutants, type Mutant } from './mutants.js';

const USAGE = `Usage: npm run mutants -- [--seeds N] [--only NAME]

  --seeds N    how many histories a mutant may survive (default 500)
  --only NAME  only this mutant; there are: ${mutants.map(({ name }) => name).join(', ')}`;

interface Outcome {
  readonly seed: number | undefined;
  readonly why: string;
}

/** Runs the simulation against a mutant until it finds a violation. */
function hunt(mutant: Mutant, seeds: number): Promise<Outcome> {
  const program = buildMutant(mutant, join(mutantsFolder, mutant.name));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', program, '--seeds', String(seeds)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const found = /VIOLATION in seed (\d+): (.*)/.exec(output);
      if (found !== null) resolve({ seed: Number(found[1]), why: found[2] ?? '' });
      else if (code === 0) resolve({ seed: undefined, why: '' });
      else reject(new Error(`The simulation of mutant ${mutant.name} ended with code ${code}:\n${output}`));
    });
  });
}

/** @returns how many mutants survived */
async function huntAll(chosen: readonly Mutant[], seeds: number): Promise<number> {
  let survivors = 0;
  const width = Math.max(...chosen.map(({ name }) => name.length));
  for (const mutant of chosen) {
    const { seed, why } = await hunt(mutant, seeds);
    if (seed === undefined) survivors++;
    console.log(
      `${mutant.name.padEnd(width)}  ${seed === undefined ? 'SURVIVED' : `killed by seed ${seed}`.padEnd(18)}  ${mutant.mistake}`,
    );
    if (seed !== undefined) console.log(`${' '.repeat(width)}    ${why.slice(0, 160)}`);
  }
  console.log(`\n${chosen.length - survivors} of ${chosen.length} mutants killed within ${seeds} histories`);
  return survivors;
}

async function main(args: readonly string[]): Promise<number> {
  const options = { seeds: { type: 'string', default: '500' }, only: { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const chosen = mutants.filter(({ name }) => values.only === undefined || values.only === name);
  const seeds = Number(values.seeds);
  const problem =
    chosen.length === 0
      ? `There is no mutant '${values.only ?? ''}'.`
      : !Number.isSafeInteger(seeds) || seeds < 1
        ? `--seeds must be a whole number from 1 on, not '${values.seeds}'.`
        : undefined;
  if (problem !== undefined) {
    console.error(`${problem}\n\n${USAGE}`);
    return 2;
  }
  return (await huntAll(chosen, seeds)) === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error && 'code' in error ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 2;
}
