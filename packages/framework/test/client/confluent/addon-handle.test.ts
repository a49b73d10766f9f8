import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { AddonClient, NativeCallback, NativeClient } from '../../../dist/client/confluent/addon.js';
import { AddonHandle } from '../../../dist/client/confluent/addon-handle.js';
import type { Cluster } from '../../../dist/client/confluent/cluster.js';
import { KafkaError } from '../../../dist/errors/errors.js';

/** A client that connects at once, and counts how often it is disconnected. */
class FakeClient extends EventEmitter {
  disconnects = 0;

  getClient(): NativeClient {
    return {} as NativeClient;
  }

  connect(_options: unknown, done: (error: null) => void): void {
    done(null);
  }

  disconnect(done: () => void): void {
    this.disconnects++;
    done();
  }
}

const cluster = { requestTimeoutMs: 100, probe: () => Promise.resolve(), logger: undefined } as unknown as Cluster;

async function connected(): Promise<{ client: FakeClient; handle: AddonHandle<AddonClient, NativeClient> }> {
  const client = new FakeClient();
  const handle = new AddonHandle(client as unknown as AddonClient, cluster, 'producer');
  await handle.connect();
  return { client, handle };
}

describe('AddonHandle', () => {
  it('should wait for a call that is under way before it disconnects', async () => {
    const { client, handle } = await connected();
    let answer: NativeCallback<undefined> | undefined;
    const call = handle.callWithin(10_000, 'Cannot send', (done) => (answer = done));
    const closed = handle.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(client.disconnects, 0);
    answer?.(null, undefined);
    await call;
    await closed;
    assert.equal(client.disconnects, 1);
  });

  it('should give up a call that does not come back, and close without it', async () => {
    const { client, handle } = await connected();
    let answer: NativeCallback<undefined> | undefined;
    const call = handle.callWithin(1, 'Cannot send', (done) => (answer = done));
    await assert.rejects(
      call,
      (error) =>
        error instanceof KafkaError &&
        error.code === 'TIMED_OUT' &&
        error.isFatal &&
        /Cannot send: the native client has not answered/.test(error.message),
    );
    assert.equal(handle.isConnected, false);
    await assert.rejects(
      handle.call('Cannot commit', () => undefined),
      { code: 'CLIENT_CLOSED' },
    );
    await handle.close();
    assert.equal(client.disconnects, 0, 'the native call uses it');
    answer?.(null, undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(client.disconnects, 1, 'it came back after all');
  });
});
