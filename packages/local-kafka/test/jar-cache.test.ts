import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureDistribution } from '../dist/jar-cache.js';
import { findDamaged, readJarLock, type JarLock } from '../dist/jar-lock.js';
import { LocalKafkaError } from '../dist/index.js';
import { downloadWithMaven } from '../dist/maven.js';
import { waitFor } from './wait-for.js';

describe('the jar cache', () => {
  let cacheDirectory: string;
  let lock: JarLock;
  let progress: string[];

  beforeEach(async () => {
    cacheDirectory = await mkdtemp(join(tmpdir(), 'millrace-cache-'));
    lock = await readJarLock();
    progress = [];
  });

  afterEach(() => rmSync(cacheDirectory, { recursive: true }));

  const ensureKafka = () =>
    ensureDistribution('kafka', lock.kafka, { cacheDirectory, onProgress: (line) => progress.push(line) });

  const nothingDamaged = async (): Promise<void> => {
    const directory = join(cacheDirectory, 'kafka', lock.kafka.version);
    assert.deepEqual(await findDamaged(directory, lock.kafka.files), []);
    const others = (await readdir(join(cacheDirectory, 'kafka'))).filter((name) => name !== lock.kafka.version);
    assert.deepEqual(others, [], 'neither lock files nor staging folders are left');
  };

  it('should fetch all jars once, and only check them afterwards', async () => {
    const first = await ensureKafka();
    assert.equal(first.isNew, true);
    assert.equal(first.jars.length, lock.kafka.files.length);
    assert.match(progress[0] ?? '', /^fetching kafka /);
    await nothingDamaged();
    progress = [];
    const second = await ensureKafka();
    assert.equal(second.isNew, false);
    assert.deepEqual(progress, []);
  });

  it('should replace files that are damaged, cut off or missing', async () => {
    const { jars } = await ensureKafka();
    const [changed = '', cut = '', missing = ''] = jars;
    const handle = await open(changed, 'r+');
    await handle.write(Buffer.from([0xde, 0xad, 0xbe, 0xef]), 0, 4, 1000);
    await handle.close();
    await (await open(cut, 'w')).close();
    await rm(missing);
    progress = [];
    assert.equal((await ensureKafka()).isNew, true);
    assert.match(progress[0] ?? '', /^replacing 3 missing or damaged files of kafka/);
    await nothingDamaged();
  });

  it('should be fetched by one of two processes that start at once, while the other waits', async () => {
    const program = `
      const { ensureDistribution } = await import(${JSON.stringify(new URL('../dist/jar-cache.js', import.meta.url))});
      const { readJarLock } = await import(${JSON.stringify(new URL('../dist/jar-lock.js', import.meta.url))});
      const lock = await readJarLock();
      const options = { cacheDirectory: ${JSON.stringify(cacheDirectory)}, onProgress: () => undefined };
      const { isNew } = await ensureDistribution('kafka', lock.kafka, options);
      console.log(isNew);`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    const ended = await Promise.all([run(), run(), run()]);
    assert.deepEqual(ended.map(({ stdout }) => stdout.trim()).sort(), ['false', 'false', 'true']);
    await nothingDamaged();
  });

  it('should not wait for a process that was killed while it fetched', async () => {
    await mkdir(join(cacheDirectory, 'kafka'), { recursive: true });
    const dead = execFile(process.execPath, ['-e', '']);
    await waitFor(() => dead.exitCode !== null);
    await writeFile(join(cacheDirectory, 'kafka', `${lock.kafka.version}.lock`), String(dead.pid));
    await ensureKafka();
    await nothingDamaged();
  });

  it('should refuse what Maven delivers if it is not what the lock says, and leave the cache as it was', async () => {
    const damagedRepository = ensureDistribution('kafka', lock.kafka, {
      cacheDirectory,
      onProgress: () => undefined,
      download: async (download) => {
        await downloadWithMaven(download);
        await writeFile(join(download.outputDirectory, lock.kafka.files[5]?.path ?? ''), 'not a jar');
      },
    });
    await assert.rejects(damagedRepository, (error) => {
      assert.ok(LocalKafkaError.is(error));
      assert.equal(error.code, 'DOWNLOAD_FAILED');
      assert.ok(error.message.includes(lock.kafka.files[5]?.path ?? ''));
      assert.match(error.message, /~\/\.m2\/repository/);
      return true;
    });
    const directory = join(cacheDirectory, 'kafka', lock.kafka.version);
    assert.equal((await findDamaged(directory, lock.kafka.files)).length, lock.kafka.files.length);
  });
});
