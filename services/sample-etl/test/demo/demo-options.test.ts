import assert from 'node:assert/strict';
import { readDemoOptions } from '../../dist/demo/demo-options.js';
import { readLoadOptions } from '../../dist/loader/load-command.js';

describe('command lines', () => {
  it('should take 20,000 flights and one process unless told otherwise', () => {
    assert.deepEqual(readDemoOptions([]), { flights: '20k', processes: 1, inMemory: false });
    assert.deepEqual(readDemoOptions(['--flights', '3m', '--processes=3', '--in-memory']), {
      flights: '3m',
      processes: 3,
      inMemory: true,
    });
    assert.equal(readDemoOptions(['--help']), 'help');
  });

  it('should refuse what it does not know, and say what it takes', () => {
    assert.throws(() => readDemoOptions(['--flights', '5m']), /one of 2k, 20k, 200k, 3m, not '5m'/);
    for (const processes of ['0', '7', '1.5', 'many']) {
      assert.throws(() => readDemoOptions(['--processes', processes]), /whole number from 1 to 6/);
    }
    assert.throws(() => readDemoOptions(['--fast']), /Unknown option '--fast'/);
  });

  it('should find the cluster on the command line or in the environment', () => {
    const environment = { KAFKA_BOOTSTRAP_SERVERS: 'one:9092' };
    assert.throws(() => readLoadOptions([], {}), /--bootstrap HOST:PORT/);
    assert.deepEqual(readLoadOptions([], environment), {
      bootstrapServers: 'one:9092',
      flights: '20k',
      topicPrefix: '',
      partitions: 6,
    });
    const chosen = readLoadOptions(['--bootstrap', 'two:9092', '--partitions', '3'], environment);
    assert.notEqual(chosen, 'help');
    if (chosen !== 'help') assert.equal(chosen.bootstrapServers, 'two:9092');
    assert.throws(() => readLoadOptions(['--partitions', '0'], environment), /whole number/);
  });
});
