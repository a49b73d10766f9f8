// Images that need no registry: Debian with Java from Debian's packages, and Apache Kafka from the Maven jars.
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { runQuietly } from '../setup/child.mjs';
import { logPath, root } from '../setup/paths.mjs';
import { say } from '../setup/report.mjs';
import { docker, hostEnv } from './engine.mjs';

const SUITE = 'bookworm';
const JAVA_PACKAGE = 'openjdk-17-jre-headless';

/** Debian with a Java runtime. Service images may be built on it, too. */
export const BASE_IMAGE = `millrace/jre:${SUITE}-17`;

const IMAGE_FOLDER = join(root, 'scripts', 'docker', 'kafka-image');
const LABEL = 'millrace.inputs';

async function exists(engine, image) {
  return (await docker(engine, ['image', 'ls', '--quiet', image])) !== '';
}

async function ensureBaseImage(engine) {
  if (await exists(engine, BASE_IMAGE)) return;
  say(`making ${BASE_IMAGE} with debootstrap (about 500 MB, once)`);
  const work = mkdtempSync(join(tmpdir(), 'millrace-debootstrap-'));
  try {
    const rootfs = join(work, 'rootfs');
    await runQuietly('debootstrap', ['--variant=minbase', `--include=${JAVA_PACKAGE}`, SUITE, rootfs], {
      title: 'debootstrap',
      logFile: logPath('debootstrap'),
    });
    rmSync(join(rootfs, 'var', 'cache', 'apt'), { recursive: true, force: true });
    await runQuietly('sh', ['-c', `tar -C "$1" -c . | docker import - ${BASE_IMAGE}`, 'sh', rootfs], {
      title: 'importing the base image',
      logFile: logPath('docker-import'),
      env: hostEnv(engine),
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Changes whenever the image must be built anew. */
function hashOfInputs(lockText) {
  const hash = createHash('sha256').update(BASE_IMAGE).update(lockText);
  const files = readdirSync(IMAGE_FOLDER, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(path.slice(IMAGE_FOLDER.length)).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

async function ensureKafkaImage(engine) {
  const localKafka = join(root, 'packages', 'local-kafka');
  const lockText = readFileSync(join(localKafka, 'jars.lock.json'), 'utf8');
  const image = `apache/kafka:${JSON.parse(lockText).kafka.version}`;
  const inputs = hashOfInputs(lockText);
  if ((await docker(engine, ['image', 'ls', '--quiet', '--filter', `label=${LABEL}=${inputs}`, image])) !== '') {
    return image;
  }
  const { fetchKafkaJars } = await import(join(localKafka, 'dist', 'index.js'));
  const { jars } = await fetchKafkaJars({ onProgress: say });
  say(`building ${image} from ${jars.length} jars`);
  const context = mkdtempSync(join(tmpdir(), 'millrace-kafka-image-'));
  try {
    cpSync(IMAGE_FOLDER, context, { recursive: true });
    for (const folder of ['config', 'libs']) mkdirSync(join(context, folder));
    copyFileSync(join(localKafka, 'config', 'log4j2.properties'), join(context, 'config', 'log4j2.properties'));
    for (const jar of jars) copyFileSync(jar, join(context, 'libs', basename(jar)));
    const args = [
      'build',
      '--build-arg',
      `BASE=${BASE_IMAGE}`,
      '--label',
      `${LABEL}=${inputs}`,
      '--tag',
      image,
      context,
    ];
    await runQuietly('docker', args, {
      title: 'docker build',
      logFile: logPath('docker-build'),
      env: { ...hostEnv(engine), DOCKER_BUILDKIT: '0' },
    });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return image;
}

/** Makes both images if they are not there. @returns {Promise<string>} name of the Kafka image */
export async function ensureImages(engine) {
  await ensureBaseImage(engine);
  return ensureKafkaImage(engine);
}
