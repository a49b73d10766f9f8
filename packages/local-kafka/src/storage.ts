import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { brokerProperties, formatProperties } from './broker-config.js';
import { lockDirectory, type LockedFile, findDamaged } from './jar-lock.js';
import type { CachedDistribution } from './jar-cache.js';
import type { Java } from './java.js';
import { runJavaTool } from './java-process.js';
import { resolveOptions, type SaslMechanism, type ResolvedSecurity } from './options.js';

/*
 * Formatting with Kafka's StorageTool starts a JVM for a second. Its result depends only on the Kafka version (and on the
 * SCRAM users), apart from meta.properties, which names cluster, node and directory. So one formatted folder is kept with
 * the jars, copied, and given its own meta.properties.
 */

/** A new id in Kafka's form: 16 bytes in base64url. One that begins with `-` would look like an option. */
export function newKafkaUuid(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

/** The cluster id of a data folder formatted before, else undefined. */
export async function readClusterId(dataDirectory: string): Promise<string | undefined> {
  const text = await readFile(join(dataDirectory, 'meta.properties'), 'utf8').catch(() => '');
  return /^cluster\.id=(.+)$/m.exec(text)?.[1];
}

/** Formats the data folder of one broker, unless it is formatted already. */
export async function formatStorage(
  formatted: string,
  dataDirectory: string,
  nodeId: number,
  clusterId: string,
): Promise<void> {
  if ((await readClusterId(dataDirectory)) !== undefined) return;
  await cp(formatted, dataDirectory, { recursive: true });
  const meta = { version: '1', 'cluster.id': clusterId, 'node.id': String(nodeId), 'directory.id': newKafkaUuid() };
  await writeFile(join(dataDirectory, 'meta.properties'), formatProperties(meta));
}

/**
 * The folder formatted by StorageTool that {@link formatStorage} copies: from the cache, or made anew if it is not there,
 * is damaged, or must hold SCRAM users (then below `workDirectory`).
 *
 * @throws LocalKafkaError `FORMAT_FAILED` with the tool's output
 */
export async function formattedTemplate(
  java: Java,
  kafka: CachedDistribution,
  security: ResolvedSecurity | undefined,
  workDirectory: string,
): Promise<string> {
  const scramUsers = scramArguments(security);
  if (scramUsers.length > 0) {
    const target = join(workDirectory, 'formatted');
    await runStorageTool(java, kafka, target, scramUsers);
    return target;
  }
  const index = join(kafka.directory, 'formatted.json');
  const cached = await readTemplate(kafka.directory, index);
  if (cached !== undefined) return cached;
  const folder = `formatted-${randomUUID()}`;
  const target = join(kafka.directory, folder);
  await runStorageTool(java, kafka, target, []);
  const files = (await lockDirectory(target)).filter((file) => file.path !== 'meta.properties');
  await writeFile(`${index}.${folder}`, JSON.stringify({ folder, files } satisfies TemplateIndex));
  await rename(`${index}.${folder}`, index);
  return target;
}

/** Names the current folder and what is in it; replaced in one step. */
interface TemplateIndex {
  readonly folder: string;
  readonly files: readonly LockedFile[];
}

async function readTemplate(directory: string, index: string): Promise<string | undefined> {
  try {
    const { folder, files } = JSON.parse(await readFile(index, 'utf8')) as TemplateIndex;
    const target = join(directory, folder);
    return files.length > 0 && (await findDamaged(target, files)).length === 0 ? target : undefined;
  } catch {
    return undefined;
  }
}

function scramArguments(security: ResolvedSecurity | undefined): string[] {
  if (security === undefined) return [];
  const mechanisms = security.mechanisms.filter((mechanism: SaslMechanism) => mechanism !== 'PLAIN');
  return mechanisms.flatMap((mechanism) =>
    security.users.flatMap((user) => ['--add-scram', `${mechanism}=[name=${user.name},password=${user.password}]`]),
  );
}

async function runStorageTool(
  java: Java,
  kafka: CachedDistribution,
  target: string,
  extraArguments: readonly string[],
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'millrace-format-'));
  try {
    // The ports are never opened; only the roles and the folder matter here.
    const properties = brokerProperties({
      id: 1,
      ports: [{ client: 9092, controller: 9093, internal: undefined }],
      dataDirectory: target,
      options: resolveOptions({}),
      tls: undefined,
    });
    const config = join(work, 'server.properties');
    await writeFile(config, formatProperties(properties));
    const jvm = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', kafka.jars.join(delimiter)];
    const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', newKafkaUuid(), '--config', config];
    await runJavaTool(java.command, [...jvm, ...tool, ...extraArguments], 'FORMAT_FAILED');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
