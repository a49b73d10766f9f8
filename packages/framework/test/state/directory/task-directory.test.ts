import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaskDirectory } from '../../../dist/state/directory/task-directory.js';
import { ManualClock, removeTemporaryDirectories, temporaryDirectory } from '../state-harness.js';

function openIn(path: string, more: { readonly taskId?: string; readonly bootId?: string } = {}): TaskDirectory {
  const { taskId = '0_0', ...rest } = more;
  return new TaskDirectory({ path, applicationId: 'app', taskId, clock: new ManualClock(), ...rest });
}

function write(directory: TaskDirectory, value: string): void {
  directory.engine.write([{ store: 's', changes: [['k', value]] }], new Map([['offset:s', '7']]));
}

/** A directory with some state; `isClean` as its last user left it. */
function used(isClean: boolean, more: { readonly bootId?: string } = {}): string {
  const path = join(temporaryDirectory(), '0_0');
  const directory = openIn(path, more);
  assert.equal(directory.status, 'new');
  write(directory, 'v');
  if (isClean) directory.engine.sync();
  directory.close(isClean);
  return path;
}

function reopen(
  path: string,
  more: { readonly bootId?: string } = {},
): Pick<TaskDirectory, 'status' | 'damage'> & { value: unknown } {
  const directory = openIn(path, more);
  const value = directory.engine.openStore('s').get('k');
  assert.equal(directory.engine.metadata('offset:s'), value === undefined ? undefined : '7');
  directory.close(true);
  return { status: directory.status, damage: directory.damage, value };
}

describe('TaskDirectory', () => {
  afterEach(removeTemporaryDirectories);

  it('should keep state over a clean stop and over an unclean one', () => {
    for (const isClean of [true, false]) {
      assert.deepEqual(reopen(used(isClean)), { status: 'kept', damage: undefined, value: 'v' });
    }
  });

  it('should remember the fingerprint of the topology', () => {
    const path = join(temporaryDirectory(), '0_0');
    const first = openIn(path);
    assert.equal(first.fingerprint, undefined);
    first.fingerprint = 'größe|2 partitions';
    first.close(true);
    const second = openIn(path);
    assert.equal(second.fingerprint, 'größe|2 partitions');
    second.close(true);
  });

  it('should rebuild state that was in use when the machine stopped, but not state closed cleanly before', () => {
    const open = reopen(used(false, { bootId: 'monday' }), { bootId: 'tuesday' });
    assert.deepEqual(open, { status: 'rebuilt', damage: 'the machine stopped while it was in use', value: undefined });
    const closed = reopen(used(true, { bootId: 'monday' }), { bootId: 'tuesday' });
    assert.equal(closed.status, 'kept');
  });

  it('should rebuild a data file that is missing, cut off or not LMDB, and a state file that cannot be read', () => {
    const damages: Readonly<Record<string, (path: string) => void>> = {
      missing: (path) => rmSync(join(path, 'stores.mdb')),
      'cut off': (path) => truncateSync(join(path, 'stores.mdb'), 4096),
      'does not begin': (path) => writeFileSync(join(path, 'stores.mdb'), Buffer.alloc(64 * 1024, 'x')),
      'cannot be read': (path) => writeFileSync(join(path, 'state.json'), '{"format": 1'),
    };
    for (const [reason, damage] of Object.entries(damages)) {
      const path = used(true);
      damage(path);
      const found = reopen(path);
      assert.equal(found.status, 'rebuilt', reason);
      assert.match(found.damage ?? '', new RegExp(reason));
      assert.equal(found.value, undefined);
      assert.equal(reopen(path).status, 'kept', 'rebuilding leaves a sound directory');
    }
  });

  it('should rebuild state that has killed one process after the other', () => {
    const path = used(true);
    for (let deaths = 0; deaths < 5; deaths++) {
      const directory = openIn(path);
      assert.equal(directory.status, 'kept', `after ${deaths} deaths`);
      // As if killed: neither closed nor said to be alive.
      directory.engine.close();
      rmSync(join(path, '.lock'));
    }
    const damage = '5 processes in a row died within a minute of opening it';
    assert.deepEqual(reopen(path), { status: 'rebuilt', damage, value: undefined });
  });

  it('should not blame the state when processes live a while, or end by themselves', () => {
    const path = used(true);
    for (let round = 0; round < 12; round++) {
      const clock = new ManualClock();
      const directory = new TaskDirectory({ path, applicationId: 'app', taskId: '0_0', clock });
      assert.equal(directory.status, 'kept');
      if (round % 4 !== 3) {
        directory.engine.close();
        rmSync(join(path, '.lock'));
      } else if (round % 8 === 3) directory.close(false);
      else {
        clock.nowMs += 60_000;
        directory.touch();
        directory.engine.close();
        rmSync(join(path, '.lock'));
      }
    }
  });

  it('should rebuild state whose last user died while opening it', () => {
    const path = used(true);
    const file = join(path, 'state.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"closed"', '"opening"'));
    assert.equal(reopen(path).status, 'rebuilt');
  });

  it('should refuse a directory that belongs to something else, and leave it as it is', () => {
    const foreign = join(temporaryDirectory(), '0_0');
    mkdirSync(join(foreign, 'rocksdb'), { recursive: true });
    writeFileSync(join(foreign, '.checkpoint'), '0\n0\n');
    assert.throws(() => openIn(foreign), { code: 'STATE_DIRECTORY_FOREIGN', message: /rocksdb|checkpoint/ });
    assert.ok(statSync(join(foreign, '.checkpoint')).size > 0);
    const path = used(true);
    assert.throws(() => openIn(path, { taskId: '0_1' }), { code: 'STATE_DIRECTORY_FOREIGN', message: /task 0_0/ });
    assert.equal(reopen(path).value, 'v');
  });

  it('should refuse state of a newer format', () => {
    const path = used(true);
    const file = join(path, 'state.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"format": 1', '"format": 2'));
    assert.throws(() => openIn(path), { code: 'STATE_FORMAT_UNSUPPORTED', message: /format 2/ });
  });

  it('should be used by one task at a time', () => {
    const path = used(true);
    const first = openIn(path);
    assert.throws(() => openIn(path), { code: 'STATE_DIRECTORY_LOCKED', message: /in use by this process/ });
    first.close(true);
    assert.equal(reopen(path).value, 'v');
  });

  it('should be new again once it is destroyed', () => {
    const path = used(true);
    openIn(path).destroy();
    const again = openIn(path);
    assert.equal(again.status, 'new');
    again.close(true);
  });
});
