import assert from 'node:assert/strict';
import { AddonRecord } from '../../../dist/client/confluent/addon-record.js';
import { FetchPartition } from '../../../dist/client/confluent/fetch-partition.js';

function record(offset: number, value = 'v'): AddonRecord {
  const bytes = Buffer.from(value);
  return new AddonRecord({ topic: 't', partition: 0, offset, timestamp: 1, key: null, value: bytes });
}

function withRecords(...offsets: readonly number[]): FetchPartition {
  const state = new FetchPartition('t', 0, 0);
  state.records.push(...offsets.map((offset) => record(offset)));
  return state;
}

const noPosition = -1001;

describe('FetchPartition', () => {
  it('should stand after the last record where the native position is not known', () => {
    const state = withRecords(0, 4);
    state.advance(noPosition, 1);
    assert.equal(state.take(10).nextOffset, 5);
  });

  it('should stand after markers that follow the last record', () => {
    const state = withRecords(0, 1);
    state.advance(3, 1);
    assert.equal(state.take(10).nextOffset, 3);
  });

  it('should move without records when the end of the partition is behind markers', () => {
    const state = withRecords();
    state.eofOffset = 7;
    state.advance(noPosition, 1);
    assert.ok(state.isReady);
    assert.deepEqual(state.take(10), { topic: 't', partition: 0, records: [], nextOffset: 7 });
    assert.ok(state.isAtEnd);
    assert.ok(!state.isReady);
  });

  it('should not be ready when nothing has moved', () => {
    const state = withRecords();
    state.advance(noPosition, 1);
    assert.ok(!state.isReady);
  });

  it('should split what is too much, with the position at the first record left', () => {
    const state = withRecords(0, 1, 5, 6);
    state.advance(9, 1);
    const first = state.take(2);
    assert.deepEqual(
      first.records.map(({ offset }) => offset),
      [0, 1],
    );
    assert.equal(first.nextOffset, 5);
    assert.ok(state.isReady);
    assert.equal(state.take(2).nextOffset, 9);
  });

  it('should count what it has buffered', () => {
    const state = withRecords(0);
    state.advance(noPosition, 1);
    const one = state.bufferedBytes();
    state.records.push(record(1, 'x'.repeat(1000)));
    state.advance(noPosition, 1);
    assert.ok(state.bufferedBytes() > one + 1000);
    state.take(10);
    assert.equal(state.bufferedBytes(), 0);
  });

  it('should be stalled when nothing comes although it is not at its end', () => {
    const state = withRecords(0);
    state.isNative = true;
    state.advance(noPosition, 1000);
    assert.ok(!state.isStalled(2000, 3000));
    assert.ok(state.isStalled(5000, 3000));
    state.eofOffset = 1;
    assert.ok(!state.isStalled(5000, 3000));
  });
});

describe('AddonRecord', () => {
  it('should turn the headers of the addon around', () => {
    const headers = [{ a: Buffer.from('1') }, { a: 'text' }];
    const converted = new AddonRecord({
      topic: 't',
      partition: 0,
      offset: 0,
      timestamp: 1,
      key: null,
      value: null,
      headers,
    });
    assert.deepEqual(
      converted.headers.map(({ key, value }) => [key, value?.toString()]),
      [
        ['a', '1'],
        ['a', 'text'],
      ],
    );
    assert.equal(converted.headers, converted.headers);
  });

  it('should share the empty list among records without headers', () => {
    assert.equal(record(0).headers, record(1).headers);
  });
});
