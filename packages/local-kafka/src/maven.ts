import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LocalKafkaError } from './local-kafka-error.js';

/** What a step says while it works; lines for a person, without a time stamp. */
export type ProgressListener = (line: string) => void;

export interface MavenDownload {
  /** Profile of this package's pom.xml. */
  readonly profile: 'kafka' | 'schema-registry';
  /** Where the files go. */
  readonly outputDirectory: string;
  /** Folder for the plugin's own files. */
  readonly stagingDirectory: string;
  readonly onProgress: ProgressListener;
}

const POM = fileURLToPath(new URL('../pom.xml', import.meta.url));
const GOALS = { kafka: 'dependency:copy-dependencies', 'schema-registry': 'dependency:unpack' } as const;

/**
 * Lets Maven put the files of one profile into `outputDirectory`. Maven's settings (mirrors, proxies, offline mode) and
 * local repository are the user's own.
 *
 * @throws LocalKafkaError `MAVEN_MISSING` or `DOWNLOAD_FAILED` with Maven's own error lines
 */
export async function downloadWithMaven(download: MavenDownload): Promise<void> {
  const args = [
    '--batch-mode',
    '--strict-checksums',
    '-f',
    POM,
    '-P',
    download.profile,
    GOALS[download.profile],
    `-Dstaging=${download.stagingDirectory}`,
    `-DoutputDirectory=${download.outputDirectory}`,
    '-DincludeScope=runtime',
  ];
  const errors: string[] = [];
  const code = await runMaven(args, (line) => {
    const downloaded = /^(?:\[INFO\] )?Downloaded from \S+: (\S+\.(?:jar|zip)) \((.*)\)/.exec(line);
    if (downloaded !== null) download.onProgress(`  ${fileName(downloaded[1] ?? '')} (${downloaded[2] ?? ''})`);
    if (line.startsWith('[ERROR]') || line.startsWith('Error:')) errors.push(line);
  });
  if (code === 0) return;
  throw new LocalKafkaError(
    'DOWNLOAD_FAILED',
    `Maven could not fetch the ${download.profile} jars (exit code ${code}):\n${errors.slice(0, 4).join('\n')}\n` +
      `Check the network, proxy and mirror settings (~/.m2/settings.xml); by hand: mvn -f ${POM} -P ${download.profile} ` +
      `${GOALS[download.profile]} -Dstaging=/tmp/staging -DoutputDirectory=/tmp/jars`,
  );
}

function runMaven(args: readonly string[], onLine: (line: string) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: child.stdout }).on('line', onLine);
    createInterface({ input: child.stderr }).on('line', onLine);
    child.on('error', (cause) => {
      reject(
        new LocalKafkaError(
          'MAVEN_MISSING',
          `The Kafka jars are not in the cache yet and are fetched with Maven, and mvn could not be run: ${cause.message}. ` +
            'Install Maven (Debian/Ubuntu: apt-get install maven; macOS: brew install maven).',
          { cause },
        ),
      );
    });
    child.on('close', (code) => resolve(code ?? -1));
  });
}

function fileName(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
