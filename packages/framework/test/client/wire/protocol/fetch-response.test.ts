import assert from 'node:assert/strict';
import { decodeFetchResponse } from '../../../../dist/client/wire/protocol/fetch-response.js';
import { KafkaError } from '../../../../dist/errors/errors.js';
import { fetchVersions, javaVector } from './java-vectors.js';

function expectedOf(version: number): unknown {
  return {
    throttleTimeMs: 40,
    errorCode: version >= 7 ? 71 : 0,
    sessionId: version >= 7 ? 77 : 0,
    topics: [
      {
        topic: version < 13 ? 'flights' : undefined,
        topicId: version < 13 ? undefined : '01020304-0506-0708-090a-0b0c0d0e0f10',
        partitions: [
          {
            partition: 0,
            errorCode: 0,
            highWatermark: 12_345_678_999,
            lastStableOffset: 12_345_678_990,
            logStartOffset: version >= 5 ? 17 : -1,
            abortedTransactions: [
              { producerId: 4001, firstOffset: 12_345_678_905 },
              { producerId: 4002, firstOffset: 12_345_678_907 },
            ],
            preferredReadReplica: version >= 11 ? 2 : -1,
            divergingEpoch: undefined,
            currentLeader: undefined,
            records: Buffer.from([1, 2, 3, 4, 5]),
          },
          {
            partition: 1,
            errorCode: 6,
            highWatermark: -1,
            lastStableOffset: -1,
            logStartOffset: -1,
            abortedTransactions: [],
            preferredReadReplica: -1,
            divergingEpoch: version >= 12 ? { epoch: 5, endOffset: 6 } : undefined,
            currentLeader: version >= 12 ? { leaderId: 3, leaderEpoch: 12 } : undefined,
            records: null,
          },
        ],
      },
    ],
    nodeEndpoints: version >= 16 ? [{ nodeId: 3, host: 'kafka-3', port: 9092, rack: 'b' }] : [],
  };
}

function isMalformed(error: unknown): boolean {
  return error instanceof KafkaError && error.code === 'MALFORMED_RESPONSE' && error.isRetriable;
}

describe('Fetch response', () => {
  for (const version of fetchVersions) {
    it(`should be read as Kafka's own classes write version ${version}`, () => {
      assert.deepEqual(decodeFetchResponse(version, javaVector('fetchResponses', version)), expectedOf(version));
    });
  }

  it('should leave the records where they are', () => {
    const body = javaVector('fetchResponses', 17);
    const records = decodeFetchResponse(17, body).topics[0]?.partitions[0]?.records;
    assert.equal(records?.buffer, body.buffer);
  });

  it('should be refused at whatever byte it is cut', () => {
    for (const version of fetchVersions) {
      const body = javaVector('fetchResponses', version);
      for (let length = 0; length < body.length; length++) {
        assert.throws(
          () => decodeFetchResponse(version, body.subarray(0, length)),
          isMalformed,
          `version ${version}, ${length}`,
        );
      }
      assert.throws(() => decodeFetchResponse(version, Buffer.concat([body, Buffer.alloc(1)])), isMalformed);
    }
  });

  it('should ignore tagged fields that it does not know', () => {
    const body = javaVector('fetchResponses', 15);
    // Version 15 has no tagged fields at its end: one of tag 99 and three bytes takes the place of their count.
    const tagged = Buffer.concat([body.subarray(0, -1), Buffer.from([1, 99, 3, 7, 7, 7])]);
    assert.deepEqual(decodeFetchResponse(15, tagged), expectedOf(15));
  });

  it('should not believe the length of an array that cannot fit', () => {
    const claims = [Buffer.from([0x7f, 0xff, 0xff, 0xff]), Buffer.from([0x00, 0x00, 0x10, 0x00])];
    for (const claim of claims) {
      const body = Buffer.concat([Buffer.alloc(10), claim, Buffer.alloc(20)]);
      assert.throws(() => decodeFetchResponse(7, body), /an array claims/);
    }
    const compact = Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.alloc(20)]);
    assert.throws(() => decodeFetchResponse(17, compact), /an array claims 4294967294 elements/);
  });

  it('should not follow a number without end', () => {
    const body = Buffer.concat([Buffer.alloc(10), Buffer.alloc(50, 0xff)]);
    assert.throws(() => decodeFetchResponse(17, body), /has no end/);
  });

  it('should take null for an empty array', () => {
    const body = Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff, 0xff, 0xff])]);
    assert.deepEqual(decodeFetchResponse(7, body).topics, []);
    assert.deepEqual(decodeFetchResponse(12, Buffer.concat([Buffer.alloc(10), Buffer.from([0, 0])])).topics, []);
  });
});
