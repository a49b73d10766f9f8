import assert from 'node:assert/strict';
import { FetchSession, type WantedPartition } from '../../../../dist/client/wire/fetching/fetch-session.js';
import type { FetchResponse } from '../../../../dist/client/wire/protocol/fetch-response.js';

function wanted(...offsets: readonly number[]): Map<string, WantedPartition> {
  return new Map(
    offsets.map((fetchOffset, partition) => [
      `t-${partition}`,
      { topic: 't', topicId: 'id', partition, fetchOffset, leaderEpoch: 0, fetchedEpoch: -1, maxBytes: 100 },
    ]),
  );
}

const answer = (sessionId: number, errorCode = 0): FetchResponse => {
  return { throttleTimeMs: 0, errorCode, sessionId, topics: [], nodeEndpoints: [] };
};

function named(session: FetchSession, partitions: ReadonlyMap<string, WantedPartition>) {
  const { sessionId, sessionEpoch, topics, forgottenTopics } = session.next(partitions);
  return {
    session: [sessionId, sessionEpoch],
    asked: topics.flatMap((topic) => topic.partitions.map(({ partition }) => partition)),
    forgotten: forgottenTopics.flatMap((topic) => topic.partitions),
  };
}

describe('FetchSession', () => {
  it('should name every partition once, then only those that changed, came or went', () => {
    const session = new FetchSession();
    assert.deepEqual(named(session, wanted(0, 0)), { session: [0, 0], asked: [0, 1], forgotten: [] });
    assert.ok(session.accept(answer(7)));
    assert.deepEqual(named(session, wanted(0, 5)), { session: [7, 1], asked: [1], forgotten: [] });
    assert.ok(session.accept(answer(7)));
    assert.deepEqual(named(session, wanted(0, 5, 9)), { session: [7, 2], asked: [2], forgotten: [] });
    assert.ok(session.accept(answer(7)));
    assert.deepEqual(named(session, wanted(0)), { session: [7, 3], asked: [], forgotten: [1, 2] });
  });

  it('should name everything each time to a broker that keeps no session', () => {
    const session = new FetchSession();
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(named(session, wanted(0, 0)), { session: [0, 0], asked: [0, 1], forgotten: [] });
      assert.ok(session.accept(answer(0)));
    }
  });

  it('should begin anew after an error of the session, and after a request that was lost', () => {
    const session = new FetchSession();
    const open = (): void => {
      session.next(wanted(0, 0));
      assert.ok(session.accept(answer(7)));
    };
    open();
    session.next(wanted(0, 0));
    assert.equal(session.accept(answer(0, 70)), false);
    assert.deepEqual(named(session, wanted(0, 0)), { session: [0, 0], asked: [0, 1], forgotten: [] });
    open();
    session.next(wanted(0, 0));
    assert.equal(session.accept(answer(0, 71)), false);
    // The id goes along: the broker ends the session that it may still have.
    assert.deepEqual(named(session, wanted(0, 0)), { session: [7, 0], asked: [0, 1], forgotten: [] });
    open();
    session.next(wanted(1, 1));
    session.lose();
    assert.deepEqual(named(session, wanted(1, 1)), { session: [7, 0], asked: [0, 1], forgotten: [] });
  });

  it('should forget the old id of a topic that was created anew', () => {
    const session = new FetchSession();
    session.next(wanted(0));
    session.accept(answer(7));
    const anew = new Map([...wanted(0)].map(([key, partition]) => [key, { ...partition, topicId: 'other' }]));
    const { topics, forgottenTopics } = session.next(anew);
    assert.deepEqual(
      topics.map(({ topicId }) => topicId),
      ['other'],
    );
    assert.deepEqual(forgottenTopics, [{ topic: 't', topicId: 'id', partitions: [0] }]);
  });
});
