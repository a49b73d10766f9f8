import assert from 'node:assert/strict';
import { IllegalStateError } from '../../dist/errors/errors.js';
import { ClientLifecycle, type ClientState } from '../../dist/runtime/client-state.js';

describe('ClientLifecycle', () => {
  const failOnListenerError = (error: unknown): void => assert.fail(String(error));

  it('should tell listeners of each move in order until they are removed', () => {
    const lifecycle = new ClientLifecycle(failOnListenerError);
    const seen: [ClientState, ClientState][] = [];
    const remove = lifecycle.onChange((next, previous) => seen.push([next, previous]));
    lifecycle.transitionTo('REBALANCING');
    lifecycle.transitionTo('RUNNING');
    remove();
    lifecycle.transitionTo('PENDING_SHUTDOWN');
    assert.deepEqual(seen, [
      ['REBALANCING', 'CREATED'],
      ['RUNNING', 'REBALANCING'],
    ]);
    assert.equal(lifecycle.state, 'PENDING_SHUTDOWN');
  });

  it('should refuse an illegal move and stay', () => {
    const lifecycle = new ClientLifecycle(failOnListenerError);
    assert.throws(() => lifecycle.transitionTo('RUNNING'), IllegalStateError);
    assert.equal(lifecycle.state, 'CREATED');
  });

  it('should go on when a listener throws', () => {
    const errors: unknown[] = [];
    const lifecycle = new ClientLifecycle((error) => errors.push(error));
    lifecycle.onChange(() => {
      throw new Error('listener');
    });
    lifecycle.transitionTo('REBALANCING');
    assert.equal(lifecycle.state, 'REBALANCING');
    assert.equal(errors.length, 1);
  });
});
