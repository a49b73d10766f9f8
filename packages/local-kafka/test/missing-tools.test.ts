import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireFreeSpace } from '../dist/directories.js';
import { findJava } from '../dist/java.js';
import { LocalKafkaError } from '../dist/index.js';

const CLI = fileURLToPath(new URL('../bin/millrace-kafka.js', import.meta.url));

describe('a machine that lacks something', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-tools-'));
    await mkdir(join(folder, 'bin'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** Starts a Kafka with only the programs of `bin` and with an empty cache, and returns what it says. */
  const startWithOnlyBin = (extraEnv: Record<string, string> = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = {
        PATH: join(folder, 'bin'),
        MILLRACE_CACHE_DIR: join(folder, 'cache'),
        XDG_STATE_HOME: folder,
        HOME: folder,
        ...extraEnv,
      };
      execFile(process.execPath, [CLI, 'start', '--foreground'], { env }, (error, stdout, stderr) => {
        if (error?.code === 1) resolve(stderr);
        else reject(new Error(`it should have failed with exit code 1: ${stdout}${stderr}`, { cause: error }));
      });
    });

  const fakeJava = (version: string): Promise<void> =>
    writeFile(join(folder, 'bin', 'java'), `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`, { mode: 0o755 });

  it('should say that Java is missing and how to install it', async () => {
    const message = await startWithOnlyBin();
    assert.match(message, /^JAVA_MISSING: .*there is no java in PATH/);
    assert.match(message, /Install a Java 17 or newer runtime/);
  });

  it('should say that JAVA_HOME is wrong', async () => {
    assert.match(await startWithOnlyBin({ JAVA_HOME: '/nowhere' }), /^JAVA_MISSING: .*JAVA_HOME points to \/nowhere/);
  });

  it('should say that Java is too old', async () => {
    await fakeJava('11.0.21');
    assert.match(await startWithOnlyBin(), /^JAVA_TOO_OLD: .*needs Java 17 or newer, and java is Java 11\.0\.21/);
    await fakeJava('1.8.0_412');
    assert.match(await startWithOnlyBin(), /^JAVA_TOO_OLD: .*is Java 1\.8\.0_412/);
  });

  it('should say that Maven is missing and how to install it', async () => {
    const { command } = await findJava();
    const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
      execFile('sh', ['-c', `command -v ${command}`], (_error, out) => resolve({ stdout: out.trim() }));
    });
    await symlink(stdout, join(folder, 'bin', 'java'));
    const message = await startWithOnlyBin();
    assert.match(message, /^MAVEN_MISSING: .*mvn could not be run/);
    assert.match(message, /apt-get install maven/);
  });

  it('should say that the disk is full, where, and how much is needed', async () => {
    await requireFreeSpace(folder, 1, 'The test');
    await assert.rejects(requireFreeSpace(folder, 2 ** 40, 'The test'), (error) => {
      assert.ok(LocalKafkaError.is(error));
      assert.equal(error.code, 'DISK_FULL');
      assert.match(
        error.message,
        /^The test needs 1099511627776 MB in \S+millrace-tools-\w+, and only \d+ MB are free/,
      );
      return true;
    });
  });
});

describe('findJava', () => {
  it('should read the versions of old and new runtimes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-java-'));
    try {
      for (const [version, majorVersion] of [
        ['17.0.15', 17],
        ['21', 21],
        ['25-ea', 25],
      ] as const) {
        await writeFile(join(folder, 'java'), `#!/bin/sh\necho 'openjdk version "${version}" 2025-04-15' >&2\n`, {
          mode: 0o755,
        });
        const java = await findJava({ PATH: folder });
        assert.equal(java.majorVersion, majorVersion);
        assert.equal(java.command, 'java');
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
