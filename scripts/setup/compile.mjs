// Compiles all TypeScript projects, incrementally.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tryQuietly } from './child.mjs';
import { binOf, logPath } from './paths.mjs';
import { buildInfoOf, outputOf, projects, sourcesOf, staleOutputsOf } from './projects.mjs';
import { SetupError } from './report.mjs';

/**
 * `tsc -b` trusts its own record: it neither notices compiled files that somebody deleted nor removes those whose source
 * is gone. Both are put right here, so that what runs is what the sources say.
 */
function matchOutputsToSources() {
  for (const project of projects()) {
    for (const file of staleOutputsOf(project)) rmSync(file);
    if (sourcesOf(project).some((source) => !existsSync(outputOf(project, source)))) {
      rmSync(buildInfoOf(project), { force: true });
    }
  }
}

/** @returns {Promise<string>} what was done */
export async function compile() {
  matchOutputsToSources();
  const logFile = logPath('tsc');
  const { ok } = await tryQuietly(process.execPath, [binOf('typescript', 'bin/tsc'), '-b', '--pretty'], {
    title: 'compiling',
    logFile,
  });
  if (!ok) throw new SetupError(`The TypeScript sources do not compile:\n${readFileSync(logFile, 'utf8')}`);
  return 'TypeScript is compiled';
}
