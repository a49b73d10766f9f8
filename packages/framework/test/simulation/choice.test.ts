import assert from 'node:assert/strict';
import { choiceOf, UsageError } from './choice.js';

describe('choiceOf', () => {
  it('should take seeds from 1 on, or a single one', () => {
    const plain = { isTraced: false, keepsGoing: false };
    assert.deepEqual(choiceOf([]), { ...plain, from: 1, to: 1000 });
    assert.deepEqual(choiceOf(['--seeds', '3', '--from', '7', '--keep-going']), {
      ...{ ...plain, from: 7, to: 9 },
      keepsGoing: true,
    });
    assert.deepEqual(choiceOf(['--seed', '5', '--trace']), { ...plain, from: 5, to: 5, isTraced: true });
  });

  it('should refuse to run nothing, which would read as nothing found, and say what can be run', () => {
    const refusals: readonly [string[], RegExp][] = [
      [['--seeds', '0'], /--seeds must be a whole number from 1 on, not '0'/],
      // Of a shell variable that is not set.
      [['--seeds='], /--seeds must be a whole number from 1 on, not ''/],
      [['--seeds', 'x'], /--seeds must be a whole number from 1 on, not 'x'/],
      [['--seed', '1.5'], /--seed must be a whole number from 0 on, not '1.5'/],
      [['--sedes', '3'], /Unknown option '--sedes'/],
      [['--seed'], /argument missing/],
    ];
    for (const [args, message] of refusals) {
      const isRight = (error: unknown): boolean =>
        error instanceof UsageError && message.test(error.message) && error.message.includes('--keep-going   do not');
      assert.throws(() => choiceOf(args), isRight, args.join(' '));
    }
  });
});
