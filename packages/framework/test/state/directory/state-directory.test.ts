import assert from 'node:assert/strict';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StateDirectory } from '../../../dist/state/directory/state-directory.js';
import { ManualClock, removeTemporaryDirectories, temporaryDirectory } from '../state-harness.js';

describe('StateDirectory', () => {
  afterEach(removeTemporaryDirectories);

  /** Two tasks, of which 0_0 was closed; the files' times follow the clock. */
  const prepare = () => {
    const clock = new ManualClock();
    clock.nowMs = Date.now();
    const directory = new StateDirectory(temporaryDirectory(), 'app', clock);
    directory.openTask('0_0').close(true);
    return { clock, directory, active: directory.openTask('0_1') };
  };

  it('should list the tasks that have state', () => {
    const { directory, active } = prepare();
    mkdirSync(join(directory.path, 'something else'));
    assert.deepEqual([...directory.tasks()].sort(), ['0_0', '0_1']);
    active.close(true);
  });

  it('should delete state that nobody has used for the delay, and only that', () => {
    const { clock, directory, active } = prepare();
    clock.nowMs += 599_000;
    assert.deepEqual(directory.removeUnused(600_000), []);
    clock.nowMs += 2_000;
    assert.deepEqual(directory.removeUnused(600_000), ['0_0']);
    assert.deepEqual(directory.tasks(), ['0_1'], 'the other one is locked');
    active.close(true);
    assert.deepEqual(directory.removeUnused(600_000), [], 'it was used just now');
    assert.deepEqual(directory.removeUnused(0), ['0_1']);
  });

  it('should go by the time of the last write where the last user crashed', () => {
    const { clock, directory, active } = prepare();
    active.close(false);
    clock.nowMs += 700_000;
    utimesSync(join(directory.path, '0_1', 'stores.mdb'), clock.nowMs / 1000, clock.nowMs / 1000);
    assert.deepEqual(directory.removeUnused(600_000), ['0_0']);
  });

  it('should finish a deletion that a crash has interrupted', () => {
    const { directory, active } = prepare();
    const trash = join(directory.path, '.trash-0_7-x');
    mkdirSync(trash);
    writeFileSync(join(trash, 'stores.mdb'), 'x');
    directory.removeUnused(600_000);
    assert.equal(existsSync(trash), false);
    active.close(true);
  });

  it('should say which directory cannot be made', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    assert.throws(() => new StateDirectory(file, 'app', new ManualClock()), {
      code: 'STATE_DIRECTORY_FAILED',
      message: /file\/app cannot be made/,
    });
  });

  it('should say which directory cannot be used', () => {
    const { directory, active } = prepare();
    writeFileSync(join(directory.path, '0_2'), 'in the way');
    assert.throws(() => directory.openTask('0_2'), { code: 'STATE_DIRECTORY_FAILED', message: /0_2 cannot be used: / });
    active.close(true);
  });
});
