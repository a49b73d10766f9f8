import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SentRecords } from '../../../dist/client/confluent/sent-records.js';
import { NO_HEADERS } from '../../../dist/client/records.js';

describe('SentRecords', () => {
  it('should give back timestamp and headers of any record that is still remembered', () => {
    const bytes = fc.oneof(
      fc.constant(null),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
    );
    const records = fc.uniqueArray(fc.tuple(fc.nat(3), bytes, bytes), {
      maxLength: 16,
      selector: ([partition, key, value]) =>
        `${String(partition)} ${key?.toString('hex') ?? 'x'} ${value?.toString('hex') ?? 'x'}`,
    });
    fc.assert(
      fc.property(records, (list) => {
        const sent = new SentRecords(16);
        list.forEach(([partition, key, value], index) => {
          sent.note(
            partition,
            key,
            value,
            index + 1,
            index % 2 === 0 ? NO_HEADERS : [{ key: String(index), value: null }],
          );
        });
        // Copies, as a report carries them.
        const reported = list.map(([partition, key, value]) => ({
          partition,
          key: key === null ? null : Buffer.from(key),
          value: value === null ? null : Buffer.from(value),
        }));
        const found = sent.find(reported);
        // Values that differ in no sampled byte are told apart by their order, which is kept here.
        assert.deepEqual(
          found.map((details) => details?.timestamp),
          list.map((_, index) => index + 1),
        );
        assert.deepEqual(
          found.map((details) => details?.headers[0]?.key),
          list.map((_, index) => (index % 2 === 0 ? undefined : String(index))),
        );
      }),
    );
  });

  it('should forget what is older than its capacity', () => {
    const sent = new SentRecords(4);
    for (let i = 0; i < 6; i++) sent.note(0, null, Buffer.from([i]), i, NO_HEADERS);
    const found = sent.find([0, 1, 2, 5].map((i) => ({ partition: 0, key: null, value: Buffer.from([i]) })));
    assert.deepEqual(
      found.map((details) => details?.timestamp),
      [undefined, undefined, 2, 5],
    );
  });

  it('should find two equal records in the order in which they were sent', () => {
    const sent = new SentRecords(4);
    const record = { partition: 1, key: Buffer.from('k'), value: Buffer.from('v') };
    sent.note(1, record.key, record.value, 10, NO_HEADERS);
    sent.note(1, record.key, record.value, 20, NO_HEADERS);
    assert.deepEqual(
      sent.find([record, record, record]).map((details) => details?.timestamp),
      [10, 20, undefined],
    );
  });
});
