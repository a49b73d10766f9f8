import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ClusterConnection } from '../../../../dist/client/connection/cluster-connection.js';
import type { KafkaConnectionOptions } from '../../../../dist/client/options.js';
import { BrokerNetwork } from '../../../../dist/client/wire/network/broker-network.js';
import type { WireRequest } from '../../../../dist/client/wire/network/wire-request.js';
import { ByteReader } from '../../../../dist/client/protocol/byte-reader.js';
import { ByteWriter } from '../../../../dist/client/protocol/byte-writer.js';
import { KafkaError, type KafkaErrorCode } from '../../../../dist/errors/errors.js';
import { Api, FakeBroker, metadataAnswer, offsetsAnswer, type Handler } from './fake-broker.js';

const PING = 99;

/** A request without meaning: one number there and one number back. */
function ping(overrides: Partial<WireRequest<number>> = {}): WireRequest<number> {
  return {
    apiKey: PING,
    version: 0,
    isFlexible: false,
    write: () => new ByteWriter().int32(1).finish(),
    read: (body) => new ByteReader(body).int32(),
    ...overrides,
  };
}

const pong: Handler = ({ connection }) => new ByteWriter().int32(connection).finish();

function isError(code: KafkaErrorCode, pattern = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KafkaError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    return true;
  };
}

describe('BrokerNetwork', () => {
  const open: { close(): Promise<void> }[] = [];
  let broker: FakeBroker;

  beforeEach(async () => {
    broker = await startBroker(1);
  });

  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  async function startBroker(id: number, port = 0): Promise<FakeBroker> {
    const started = await FakeBroker.start(id, port);
    started.on(Api.metadata, () => metadataAnswer([started])).on(PING, pong);
    open.push({ close: () => started.stop() });
    return started;
  }

  async function connected(options: Partial<KafkaConnectionOptions> = {}): Promise<BrokerNetwork> {
    const network = new BrokerNetwork(
      new ClusterConnection({ bootstrapServers: broker.address, requestTimeoutMs: 5000, ...options }),
    );
    open.unshift(network);
    await network.connect();
    return network;
  }

  /** Sends until it works, as the callers of a network do. */
  async function eventually(network: BrokerNetwork): Promise<number> {
    for (;;) {
      try {
        return await network.send(1, 'control', ping());
      } catch (error) {
        assert.ok(error instanceof KafkaError && error.isRetriable, String(error));
      }
    }
  }

  it('should try all bootstrap servers', async () => {
    const network = await connected({ bootstrapServers: ['127.0.0.1:1', 'no.such.host.invalid:9092', broker.address] });
    const view = await network.metadata([]);
    assert.deepEqual([...view.brokers.keys()], [1]);
    assert.deepEqual(view.brokers.get(1), { id: 1, host: '127.0.0.1', port: broker.port, rack: 'rack-a' });
  });

  it('should name the servers when none answers', async () => {
    await broker.stop();
    await assert.rejects(
      connected({ requestTimeoutMs: 300 }),
      isError('BROKER_UNREACHABLE', /127\.0\.0\.1:\d+: .*ECONNREFUSED.*bootstrapServers/),
    );
  });

  it('should say that a host has no address', async () => {
    const network = await connected();
    network.learnBrokers([{ id: 2, host: 'no.such.host.invalid', port: 9092, rack: undefined }]);
    await assert.rejects(network.send(2, 'control', ping()), isError('BROKER_UNREACHABLE', /no\.such\.host.*_RESOLVE/));
  });

  it('should refuse brokers that are not in the cluster', async () => {
    const network = await connected();
    await assert.rejects(network.send(9, 'control', ping()), isError('KAFKA_FAILURE', /broker 9.*not in the cluster/));
  });

  it('should go on with another connection after a time-out', async () => {
    const network = await connected();
    await network.send(1, 'control', ping());
    broker.on(PING, () => 'hang');
    await assert.rejects(
      network.send(1, 'control', ping({ timeoutMs: 50 })),
      isError('TIMED_OUT', /no answer within 50 ms/),
    );
    broker.on(PING, pong);
    const before = broker.connections;
    assert.equal(await network.send(1, 'control', ping()), before + 1);
    assert.equal(await network.send(1, 'control', ping()), before + 1, 'the same connection from then on');
  });

  it('should fail the requests under way when the connection is reset, and connect again', async () => {
    const network = await connected();
    broker.on(PING, () => 'hang');
    const sent = [1, 2, 3].map(() => network.send(1, 'control', ping()));
    const failing = Promise.all(
      sent.map((promise) => assert.rejects(promise, isError('BROKER_UNREACHABLE', /Connection .* lost.*_TRANSPORT/))),
    );
    while (broker.count(PING) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    broker.reset();
    await failing;
    broker.on(PING, pong);
    await eventually(network);
  });

  it('should reach a broker again that was down', async () => {
    const network = await connected();
    await network.send(1, 'control', ping());
    const { port } = broker;
    await broker.stop();
    await assert.rejects(network.send(1, 'control', ping()), isError('BROKER_UNREACHABLE'));
    await startBroker(1, port);
    await eventually(network);
  });

  it('should pause longer and longer between attempts', async () => {
    const network = await connected();
    await broker.stop();
    const startMs = performance.now();
    for (let attempt = 0; attempt < 6; attempt++) await assert.rejects(network.send(1, 'control', ping()));
    // 0, 50, 100, 200, 400, 800 ms, each up to a fifth less; or one attempt fewer, over the connection that was lost.
    assert.ok(performance.now() - startMs >= 0.8 * (50 + 100 + 200 + 400), `${performance.now() - startMs} ms`);
  });

  it('should not pause after an idle connection was closed', async () => {
    const network = await connected();
    await network.send(1, 'control', ping());
    await broker.closeIdle();
    await network.send(1, 'control', ping());
  });

  it('should not care what happens to the clock of the machine', async () => {
    broker.on(Api.metadata, () => metadataAnswer([broker], [], 50));
    const network = await connected();
    await network.metadata([]);
    const { now } = Date;
    try {
      // Set back by an hour while the broker has asked us to wait, and again while it is away.
      Date.now = () => now() - 3_600_000;
      await network.send(1, 'control', ping());
      await broker.stop();
      await assert.rejects(network.send(1, 'control', ping()));
      await assert.rejects(network.send(1, 'control', ping()));
      Date.now = () => now() - 7_200_000;
      await assert.rejects(network.send(1, 'control', ping()));
    } finally {
      Date.now = now;
    }
  });

  it('should drop a connection whose bytes cannot be trusted', async () => {
    const network = await connected();
    broker.on(PING, () => Buffer.alloc(2));
    await assert.rejects(network.send(1, 'control', ping()), isError('MALFORMED_RESPONSE'));
    await assert.rejects(
      network.send(1, 'control', ping({ read: () => JSON.parse('no') as number })),
      isError('MALFORMED_RESPONSE'),
    );
    broker.on(PING, () => ({ raw: Buffer.from([0, 0, 0, 8, 9, 9, 9, 9, 0, 0, 0, 0]) }));
    await assert.rejects(network.send(1, 'control', ping()), isError('BROKER_UNREACHABLE', /correlation/));
    broker.on(PING, pong);
    assert.equal(await eventually(network), broker.connections);
  });

  it('should keep a connection over which the broker refuses something', async () => {
    const network = await connected();
    const connection = await network.send(1, 'control', ping());
    const refusal = new KafkaError('AUTHORIZATION_FAILED', 'no', { kafkaCode: 'TOPIC_AUTHORIZATION_FAILED' });
    const read = (): number => {
      throw refusal;
    };
    await assert.rejects(network.send(1, 'control', ping({ read })), refusal);
    assert.equal(await network.send(1, 'control', ping()), connection);
  });

  it('should not hold up one lane by another', async () => {
    const network = await connected();
    let release: ((answer: Buffer) => void) | undefined;
    broker.on(PING, () => new Promise<Buffer>((resolve) => (release = resolve)));
    const poll = network.send(1, 'poll', ping());
    while (release === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    broker.on(PING, pong);
    await network.send(1, 'control', ping());
    release(new ByteWriter().int32(42).finish());
    assert.equal(await poll, 42);
  });

  it('should close the connections of a lane that is released', async () => {
    const network = await connected();
    broker.on(PING, () => 'hang');
    const failing = assert.rejects(network.send(1, 'poll', ping()), isError('CLIENT_CLOSED'));
    while (broker.count(PING) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    network.releaseLane('poll');
    await failing;
    broker.on(PING, pong);
    await network.send(1, 'poll', ping());
  });

  it('should follow a broker to its new address', async () => {
    const network = await connected();
    broker.on(PING, () => 'hang');
    const failing = assert.rejects(network.send(1, 'control', ping()), isError('BROKER_UNREACHABLE', /moved to/));
    while (broker.count(PING) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const moved = await startBroker(1);
    network.learnBrokers([{ id: 1, host: '127.0.0.1', port: moved.port, rack: undefined }]);
    await failing;
    assert.equal(await network.send(1, 'control', ping()), 1);
    assert.equal(moved.count(PING), 1);
  });

  it('should fall back to the bootstrap servers when no known broker answers', async () => {
    const other = await startBroker(2);
    broker.on(Api.metadata, () => metadataAnswer([other]));
    const network = await connected();
    await other.stop();
    broker.on(Api.metadata, () => metadataAnswer([broker]));
    assert.deepEqual([...(await network.metadata([])).brokers.keys()], [1]);
  });

  it('should share one metadata request among the callers of a moment', async () => {
    const network = await connected();
    const before = broker.count(Api.metadata);
    await Promise.all([[], ['a'], ['b', 'c'], []].map((topics) => network.metadata(topics)));
    // The first is on its way at once, or still waits for the others.
    assert.ok(broker.count(Api.metadata) - before <= 2, String(broker.count(Api.metadata) - before));
  });

  it('should tell topics, leaders and errors', async () => {
    broker.on(Api.metadata, () =>
      metadataAnswer(
        [broker],
        [
          { topic: 'a', leaders: [1, -1] },
          { topic: 'b', errorCode: 29, leaders: [] },
        ],
      ),
    );
    const { topics } = await (await connected()).metadata(['a', 'b']);
    const a = topics.get('a');
    assert.equal(a?.topicId, '01234567-89ab-cdef-0123-456789abcdef');
    assert.deepEqual(a.partitions[0], { partition: 0, leader: 1, leaderEpoch: 7, replicas: [1], error: undefined });
    assert.equal(a.partitions[1]?.leader, -1);
    assert.equal(a.partitions[1].error?.kafkaCode, 'LEADER_NOT_AVAILABLE');
    assert.equal(topics.get('b')?.error?.code, 'AUTHORIZATION_FAILED');
  });

  it('should hold back requests for as long as the broker asks, and report it', async () => {
    broker.on(Api.metadata, () => metadataAnswer([broker], [], 150));
    const network = await connected();
    const { throttleTimeMs } = await network.metadata([]);
    const startMs = performance.now();
    await network.send(1, 'control', ping());
    assert.equal(throttleTimeMs, 150);
    assert.ok(performance.now() - startMs >= 140);
  });

  it('should understand brokers that know only the oldest version of ApiVersions', async () => {
    const network = await connected();
    broker.on(Api.apiVersions, ({ version }) =>
      version > 0
        ? new ByteWriter().int16(35).int32(0).finish()
        : new ByteWriter().int16(0).int32(1).int16(3).int16(0).int16(8).finish(),
    );
    network.releaseLane('control');
    assert.deepEqual([...(await network.versions(1))], [[3, { min: 0, max: 8 }]]);
  });

  describe('listOffsets', () => {
    const topic = 'a';

    it('should ask again where the leader has moved, and give the end for a timestamp in the future', async () => {
      const other = await startBroker(2);
      let leader = 1;
      broker
        .on(Api.metadata, () => metadataAnswer([broker, other], [{ topic, leaders: [1, leader] }]))
        .on(Api.listOffsets, ({ body }) => {
          const { timestamp, partitions } = readQuery(body);
          const answers = partitions.map((partition) => {
            if (partition === 1) return { partition, errorCode: 6, offset: -1 };
            return { partition, offset: timestamp < 0 ? 10 : -1 };
          });
          leader = 2;
          return offsetsAnswer(topic, answers);
        });
      other
        .on(Api.metadata, () => metadataAnswer([broker, other], [{ topic, leaders: [1, leader] }]))
        .on(Api.listOffsets, () => offsetsAnswer(topic, [{ partition: 1, offset: 20 }]));
      const network = await connected();
      const partitions = [1, 0].map((partition) => ({ topic, partition }));
      assert.deepEqual(await network.listOffsets(partitions, { timestamp: 5 }), [
        { topic, partition: 1, offset: 20 },
        { topic, partition: 0, offset: 10 },
      ]);
    });

    it('should name partitions that do not exist, and what may not be seen', async () => {
      broker.on(Api.metadata, () =>
        metadataAnswer(
          [broker],
          [
            { topic, leaders: [1] },
            { topic: 'b', errorCode: 29, leaders: [] },
          ],
        ),
      );
      const network = await connected();
      await assert.rejects(
        network.listOffsets([{ topic, partition: 1 }], 'latest'),
        isError('TOPIC_NOT_FOUND', /'a' partition 1/),
      );
      await assert.rejects(
        network.listOffsets([{ topic: 'b', partition: 0 }], 'latest'),
        isError('AUTHORIZATION_FAILED', /topic 'b'/),
      );
    });

    it('should give up with the last reason when no leader turns up', async () => {
      broker.on(Api.metadata, () => metadataAnswer([broker], [{ topic, leaders: [-1] }]));
      const network = await connected({ requestTimeoutMs: 300 });
      await assert.rejects(
        network.listOffsets([{ topic, partition: 0 }], 'earliest'),
        isError('KAFKA_FAILURE', /LEADER_NOT_AVAILABLE/),
      );
    });
  });

  describe('login', () => {
    const sasl = { mechanism: 'SCRAM-SHA-256', username: 'u', password: 'p' } as const;
    const saslAnswer = (errorCode: number, text: string, bytes: string, lifetimeMs = 0): Buffer =>
      new ByteWriter()
        .int16(errorCode)
        .string(text, true)
        .string(bytes, true)
        .int64(lifetimeMs)
        .noTaggedFields()
        .finish();

    beforeEach(() => {
      broker.on(Api.saslHandshake, () => new ByteWriter().int16(0).int32(1).string('PLAIN', false).finish());
    });

    it('should fail, and not end the process, when the server breaks the SCRAM exchange', async () => {
      for (const message of ['', 'garbage', 'r=x,s=,i=4096', 'r=other,s=QQ==,i=4096']) {
        broker.on(Api.saslAuthenticate, () => saslAnswer(0, '', message));
        await assert.rejects(connected({ sasl }), isError('AUTHENTICATION_FAILED', /refuses this client/));
      }
    });

    it('should pass on why the broker refuses', async () => {
      broker.on(Api.saslAuthenticate, () => saslAnswer(58, 'bad day', ''));
      for (const mechanism of ['PLAIN', 'SCRAM-SHA-512'] as const) {
        const failing = connected({ sasl: { ...sasl, mechanism } });
        await assert.rejects(failing, (error) => {
          assert.ok(isError('AUTHENTICATION_FAILED', /bad day\. Check the sasl settings/)(error));
          return (error as KafkaError).isFatal;
        });
      }
    });

    it('should take a connection that breaks during the login for a broken connection', async () => {
      let attempts = 0;
      broker.on(Api.saslAuthenticate, () => (++attempts < 3 ? 'close' : saslAnswer(0, '', '')));
      await connected({ sasl: { ...sasl, mechanism: 'PLAIN' } });
      assert.ok(attempts >= 3);
    });

    it('should replace a connection before its session ends', async () => {
      broker.on(Api.saslAuthenticate, () => saslAnswer(0, '', '', 100));
      const network = await connected({ sasl: { ...sasl, mechanism: 'PLAIN' } });
      const first = await network.send(1, 'control', ping());
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.notEqual(await network.send(1, 'control', ping()), first);
    });
  });

  describe('close', () => {
    it('should reject what is under way, and everything after it', async () => {
      const network = await connected();
      broker.on(PING, () => 'hang');
      const closed = isError('CLIENT_CLOSED');
      const failing = [
        assert.rejects(network.send(1, 'control', ping()), closed),
        assert.rejects(network.send(1, 'poll', ping()), closed),
        assert.rejects(network.wait(60_000), closed),
      ];
      while (broker.count(PING) < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      await Promise.all([network.close(), network.close()]);
      await Promise.all(failing);
      await assert.rejects(network.send(1, 'control', ping()), closed);
      await assert.rejects(network.metadata([]), closed);
      await assert.rejects(network.connect(), closed);
    });

    it('should stop connecting when told to', async () => {
      await broker.stop();
      const network = new BrokerNetwork(new ClusterConnection({ bootstrapServers: broker.address }));
      const abort = new AbortController();
      const connecting = assert.rejects(network.connect(abort.signal), isError('CLIENT_CLOSED'));
      abort.abort();
      await connecting;
      await network.close();
    });

    it('should leave nothing behind that keeps the process', async function () {
      this.timeout(20_000);
      broker.on(PING, () => 'hang');
      const at = (path: string): string => JSON.stringify(new URL(`../../../../dist/client/${path}`, import.meta.url));
      const script = `
        const { ClusterConnection } = await import(${at('connection/cluster-connection.js')});
        const { BrokerNetwork } = await import(${at('wire/network/broker-network.js')});
        const network = new BrokerNetwork(new ClusterConnection({ bootstrapServers: '${broker.address}' }));
        await network.connect();
        const ping = { apiKey: ${PING}, version: 0, isFlexible: false, write: () => Buffer.alloc(4), read: () => 1 };
        const sent = ['control', 'poll'].map((lane) => network.send(1, lane, ping).catch((error) => error.code));
        // One that connects to an address where nobody answers.
        network.learnBrokers([{ id: 7, host: '192.0.2.1', port: 9092 }]);
        sent.push(network.send(7, 'control', ping).catch((error) => error.code));
        await new Promise((resolve) => setTimeout(resolve, 50));
        await network.close();
        console.log((await Promise.all(sent)).join());
      `;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (chunk) => (output += String(chunk)));
      // The default request time-out is 30 s, a connection's is 10 s: the limit of this test is well below the first.
      const [code] = (await once(child, 'exit')) as [number];
      assert.equal(code, 0);
      assert.match(output, /^CLIENT_CLOSED,CLIENT_CLOSED,/);
    });
  });
});

function readQuery(body: ByteReader): { timestamp: number; partitions: number[] } {
  body.int32();
  body.int8();
  let timestamp = 0;
  const partitions: number[] = [];
  for (let topics = body.arrayLength(true, 1); topics > 0; topics--) {
    body.string(true);
    for (let left = body.arrayLength(true, 1); left > 0; left--) {
      partitions.push(body.int32());
      body.int32();
      timestamp = body.int64();
      body.taggedFields();
    }
    body.taggedFields();
  }
  return { timestamp, partitions };
}
