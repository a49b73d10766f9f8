import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '4.1.1';
const JAVA_SOURCES = fileURLToPath(new URL('../../java/', import.meta.url));

/** The Java programs that Millrace is compared with, ready to run: Kafka Streams, and the consumer that comes with it. */
export class KafkaStreamsProgram {
  readonly version = VERSION;

  private constructor(private readonly classPath: string) {}

  /** Fetches the jars with Maven where the cache lacks them. @throws Error with Maven's output */
  static async prepare(): Promise<KafkaStreamsProgram> {
    const { MILLRACE_CACHE_DIR, XDG_CACHE_HOME } = process.env;
    const cache = MILLRACE_CACHE_DIR ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace');
    const parent = join(cache, 'kafka-streams');
    const directory = join(parent, VERSION);
    if (!existsSync(directory)) {
      console.log(`Fetching Kafka Streams ${VERSION} with Maven into ${directory} ...`);
      await mkdir(parent, { recursive: true });
      const staging = await mkdtemp(`${directory}.staging-`);
      try {
        const files = join(staging, 'files');
        const goals = ['dependency:copy-dependencies', `-Dstaging=${staging}`, `-DoutputDirectory=${files}`];
        const pom = join(JAVA_SOURCES, 'pom.xml');
        await run('mvn', ['--batch-mode', '--strict-checksums', '-f', pom, ...goals, '-DincludeScope=runtime']);
        await rename(files, directory);
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    }
    const jars = (await readdir(directory)).filter((file) => file.endsWith('.jar'));
    return new KafkaStreamsProgram(jars.map((jar) => join(directory, jar)).join(':'));
  }

  /**
   * Runs one measured JVM and returns what it reports.
   *
   * @param source file in `benchmarks/java`, which Java compiles and runs
   */
  async run<Result>(job: object, source = 'StreamsBenchmark.java'): Promise<Result> {
    const home = process.env['JAVA_HOME'];
    const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
    const args = ['-cp', this.classPath, join(JAVA_SOURCES, source)];
    const output = await run(java, args, { MILLRACE_BENCH_JOB: JSON.stringify(job) });
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Result;
  }
}

/** Standard output of a program. @throws Error with all its output if it fails */
async function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, [...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const killChild = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killChild);
  try {
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => {
        resolve(exitCode ?? signal);
      });
    });
    if (code === 0) return output;
    throw new Error(`${command} ended with ${String(code)}:\n${output.slice(-2000)}\n${errors.slice(-2000)}`);
  } finally {
    process.off('exit', killChild);
  }
}
