import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { LocalKafkaError } from './local-kafka-error.js';

/** Oldest Java that the broker runs on. */
export const MINIMUM_JAVA = 17;

/** A Java runtime that is new enough. */
export interface Java {
  /** Path of the launcher, or `java` when it is found through PATH. */
  readonly command: string;
  readonly majorVersion: number;
  /** Tells builds apart: a class data archive fits only the one that wrote it. */
  readonly build: string;
}

const INSTALL_HINT =
  'Install a Java 17 or newer runtime (Debian/Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk), ' +
  'or set JAVA_HOME to one.';

/**
 * Finds Java through `JAVA_HOME`, else through PATH, and checks its version.
 *
 * @throws LocalKafkaError `JAVA_MISSING` or `JAVA_TOO_OLD`
 */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<Java> {
  const home = env['JAVA_HOME'];
  const command = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
  const output = await javaVersion(command, env);
  const version = /version "([^"]+)"/.exec(output)?.[1];
  const parts = version?.split(/[._+-]/) ?? [];
  // Before Java 9 the version began with 1: "1.8.0_412".
  const majorVersion = Number(parts[0] === '1' ? parts[1] : parts[0]);
  if (!Number.isInteger(majorVersion)) {
    throw new LocalKafkaError(
      'JAVA_MISSING',
      `${command} -version printed no version: ${output.trim()}. ${INSTALL_HINT}`,
    );
  }
  if (majorVersion < MINIMUM_JAVA) {
    throw new LocalKafkaError(
      'JAVA_TOO_OLD',
      `Apache Kafka needs Java ${MINIMUM_JAVA} or newer, and ${command} is Java ${version}. ${INSTALL_HINT}`,
    );
  }
  return { command, majorVersion, build: output.trim() };
}

/** `java -version` prints on stderr. */
function javaVersion(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, ['-version'], { env }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stderr + stdout);
        return;
      }
      const from = command === 'java' ? 'there is no java in PATH' : `JAVA_HOME points to ${env['JAVA_HOME'] ?? ''}`;
      reject(
        new LocalKafkaError(
          'JAVA_MISSING',
          `Apache Kafka runs on Java, and java could not be run (${from}): ${error.message.trim()}. ${INSTALL_HINT}`,
          { cause: error },
        ),
      );
    });
  });
}
