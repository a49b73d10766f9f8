import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DefaultPartitioner, murmur2, partitionOfKey } from '../../dist/topology/partitioner.js';

/** Made by Kafka's client library, see `java/README.md`. */
const table = readFileSync(new URL('../../test/topology/java/partition-vectors.tsv', import.meta.url), 'utf8');

describe('DefaultPartitioner', () => {
  it("should agree with Java's murmur2 and partitions on 200 keys", () => {
    const [header, ...lines] = table.trimEnd().split('\n');
    const counts =
      header
        ?.split('\t')
        .slice(2)
        .map((column) => Number(column.slice('of'.length))) ?? [];
    assert.deepEqual(counts, [1, 2, 3, 6, 7, 12, 50, 100, 1000]);
    assert.equal(lines.length, 200);
    for (const line of lines) {
      const [hex = '', hash, ...partitions] = line.split('\t');
      const key = Buffer.from(hex, 'hex');
      assert.equal(key.length * 2, hex.length);
      assert.equal(murmur2(key), Number(hash), hex);
      assert.deepEqual(
        counts.map((count) => partitionOfKey(key, count)),
        partitions.map(Number),
        hex,
      );
    }
  });

  it('should agree on keys that are views of a larger buffer', () => {
    const whole = Buffer.from('xxfoobarxx');
    assert.equal(murmur2(whole.subarray(2, 8)), -790332482);
  });

  it('should send a key to the same partition whatever was sent before', () => {
    const partitioner = new DefaultPartitioner();
    const key = Buffer.from('21');
    const before = partitioner.partition('t', key, 100, 6);
    for (let i = 0; i < 1000; i++) partitioner.partition('t', null, 100, 6);
    assert.equal(partitioner.partition('t', key, 100, 6), before);
    assert.equal(before, partitionOfKey(key, 6));
  });

  it('should fill a batch without keys before it goes to the next partition, for each topic', () => {
    const partitioner = new DefaultPartitioner();
    const partitions = Array.from({ length: 64 }, () => partitioner.partition('t', null, 1024, 3));
    assert.deepEqual(
      partitions,
      [0, 1, 2, 0].flatMap((partition) => Array.from({ length: 16 }, () => partition)),
    );
    assert.equal(partitioner.partition('u', null, 1024, 3), 0);
  });

  it('should stay within the partitions when a topic has fewer than before', () => {
    const partitioner = new DefaultPartitioner();
    for (let i = 0; i < 80; i++) partitioner.partition('t', null, 1024, 10);
    assert.equal(partitioner.partition('t', null, 1024, 2), 1);
  });
});
