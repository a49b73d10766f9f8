import assert from 'node:assert/strict';
import {
  chooseFetchVersion,
  encodeFetchRequest,
  hasTopicIds,
  isFlexibleFetch,
  type FetchRequest,
} from '../../../../dist/client/wire/protocol/fetch-request.js';
import { fetchVersions, javaVector } from './java-vectors.js';

const topicId = '01020304-0506-0708-090a-0b0c0d0e0f10';

/** As `WireVectors.java` has it; what a version does not know is left out by itself. */
const request: FetchRequest = {
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 52_428_800,
  isolationLevel: 'read_committed',
  sessionId: 77,
  sessionEpoch: 3,
  rackId: 'rack-a',
  topics: [
    {
      topic: 'flights',
      topicId,
      partitions: [
        { partition: 0, fetchOffset: 12_345_678_901, currentLeaderEpoch: 9, lastFetchedEpoch: 8, maxBytes: 1_048_576 },
        { partition: 200, fetchOffset: 0, maxBytes: 1 },
      ],
    },
  ],
  forgottenTopics: [{ topic: 'flights', topicId, partitions: [4, 5] }],
};

describe('Fetch request', () => {
  for (const version of fetchVersions) {
    it(`should be written as Kafka's own classes write version ${version}`, () => {
      assert.equal(
        encodeFetchRequest(version, request).toString('hex'),
        javaVector('fetchRequests', version).toString('hex'),
      );
    });
  }

  it('should grow with the number of partitions', () => {
    const partitions = Array.from({ length: 3_000 }, (_, partition) => ({
      partition,
      fetchOffset: 2 ** 52,
      maxBytes: 1,
    }));
    const encoded = encodeFetchRequest(17, { ...request, topics: [{ topic: 'flights', topicId, partitions }] });
    assert.ok(encoded.length > 3_000 * 33);
    assert.equal(encoded.readBigInt64BE(40 + 2_999 * 33 + 8), 2n ** 52n);
  });

  it('should not be written by topic id without one', () => {
    const byName = { ...request, topics: [{ topic: 'flights', partitions: [] }] };
    assert.throws(() => encodeFetchRequest(13, byName), /needs the id of topic 'flights'/);
    const notAnId = { ...request, topics: [{ topic: 'flights', topicId: 'flights', partitions: [] }] };
    assert.throws(() => encodeFetchRequest(13, notAnId), /not a UUID: flights/);
    assert.ok(encodeFetchRequest(12, byName).length > 0);
  });

  it('should choose the highest version that both sides speak', () => {
    assert.equal(chooseFetchVersion({ min: 4, max: 18 }, true), 17);
    assert.equal(chooseFetchVersion({ min: 4, max: 15 }, true), 15);
    assert.equal(chooseFetchVersion({ min: 4, max: 17 }, false), 12);
    assert.equal(chooseFetchVersion({ min: 0, max: 4 }, true), 4);
    assert.equal(chooseFetchVersion({ min: 0, max: 3 }, true), undefined);
    assert.equal(chooseFetchVersion({ min: 18, max: 20 }, true), undefined);
    assert.equal(chooseFetchVersion({ min: 13, max: 17 }, false), undefined);
  });

  it('should know what the versions differ in', () => {
    assert.deepEqual([11, 12].map(isFlexibleFetch), [false, true]);
    assert.deepEqual([12, 13].map(hasTopicIds), [false, true]);
  });
});
