import assert from 'node:assert/strict';
import { Ownership, type OwnershipChange } from '../../../dist/client/confluent/ownership.js';

function change(type: OwnershipChange['type'], ...numbers: number[]): OwnershipChange {
  const partitions = numbers.map((partition) => ({ topic: 't', partition }));
  return { type, partitions, native: { isAssignment: type === 'assigned', partitions } };
}

function numbers(partitions: readonly { readonly partition: number }[] | undefined): number[] | undefined {
  return partitions?.map(({ partition }) => partition);
}

function holding(...held: number[]): Ownership {
  const ownership = new Ownership();
  ownership.add(change('assigned', ...held));
  ownership.next();
  ownership.acknowledge();
  return ownership;
}

describe('Ownership', () => {
  it('should hand out one change at a time and hold what is acknowledged', () => {
    const ownership = new Ownership();
    assert.equal(ownership.add(change('assigned', 0, 1)), true);
    assert.equal(ownership.add(change('revoked', 0)), true);
    assert.deepEqual(ownership.next(), { type: 'assigned', partitions: change('assigned', 0, 1).partitions });
    assert.equal(ownership.next(), undefined);
    assert.deepEqual(numbers(ownership.held), []);
    assert.equal(ownership.acknowledge()?.type, 'assigned');
    assert.deepEqual(numbers(ownership.held), [0, 1]);
    assert.equal(ownership.next()?.type, 'revoked');
    assert.equal(ownership.holds({ topic: 't', partition: 0 }), true);
    ownership.acknowledge();
    assert.deepEqual(numbers(ownership.held), [1]);
    assert.equal(ownership.acknowledge(), undefined);
  });

  it('should say at once that a change without partitions needs nobody', () => {
    assert.equal(new Ownership().add(change('assigned')), false);
  });

  it('should lose everything but what is just being revoked, and give up what waits', () => {
    const ownership = holding(0, 1, 2);
    ownership.add(change('revoked', 0));
    ownership.add(change('assigned', 3));
    ownership.next();
    assert.deepEqual(
      ownership.loseAll().map(({ type }) => type),
      ['assigned'],
    );
    assert.deepEqual(
      [0, 1, 2].map((partition) => ownership.holds({ topic: 't', partition })),
      [true, false, false],
    );
    ownership.acknowledge();
    assert.deepEqual(numbers(ownership.next()?.partitions), [1, 2]);
  });

  it('should not report a loss again when the native client comes to speak of it', () => {
    const ownership = holding(0, 1);
    ownership.loseAll();
    ownership.next();
    ownership.acknowledge();
    assert.equal(ownership.add(change('revoked', 0, 1)), false);
    ownership.add(change('assigned', 0));
    assert.deepEqual(numbers(ownership.next()?.partitions), [0]);
  });

  it('should know which changes are still to be answered, the one with the loop first', () => {
    const ownership = holding(0);
    ownership.add(change('revoked', 0));
    ownership.add(change('assigned', 1));
    ownership.next();
    assert.deepEqual(
      ownership.unanswered.map(({ type }) => type),
      ['revoked', 'assigned'],
    );
    ownership.clear();
    assert.deepEqual(ownership.unanswered, []);
    assert.deepEqual(ownership.held, []);
  });
});
