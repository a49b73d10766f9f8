import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { probeBroker } from '../../../dist/client/connection/broker-probe.js';
import { KafkaError } from '../../../dist/errors/errors.js';

/** Frames an answer to the probe, whose requests all have the correlation id 1. */
function frame(...body: number[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([length, Buffer.from([0, 0, 0, 1, ...body])]);
}

/** Finalized features (KIP-584): one, named `group.version`, at this level. */
function groupVersion(level: number): number[] {
  const name = [...Buffer.from('group.version')];
  return [2, name.length + 1, ...name, 0, level, 0, 0, 0];
}

/** Answer of version 3 with these api keys and tagged fields. */
function apiVersions(apis: readonly number[], finalized?: readonly number[]): Buffer {
  const keys = apis.flatMap((api) => [0, api, 0, 0, 0, 1, 0]);
  const tags = finalized === undefined ? [0] : [1, 2, finalized.length, ...finalized];
  return frame(0, 0, apis.length + 1, ...keys, 0, 0, 0, 0, ...tags);
}

describe('probeBroker', () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
  });

  /** A broker that answers the requests of a connection with these answers, then closes it. */
  async function broker(...answers: readonly Buffer[]): Promise<string> {
    server = createServer((socket: Socket) => {
      const left = [...answers];
      socket.on('error', () => undefined);
      socket.on('data', () => {
        const answer = left.shift();
        if (answer === undefined) socket.destroy();
        else socket.write(answer);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  function probe(bootstrapServers: string, timeoutMs = 300, mechanism?: 'PLAIN'): ReturnType<typeof probeBroker> {
    const sasl = mechanism === undefined ? {} : { sasl: { mechanism, username: 'u', password: 'p' } };
    return probeBroker({ bootstrapServers, ...sasl }, bootstrapServers.split(','), timeoutMs, () => false);
  }

  const metadata = frame(0, 0, 0, 0);

  it('should find the consumer protocol where the broker has it and the cluster has enabled it', async () => {
    const server = await broker(apiVersions([18, 68], groupVersion(1)), metadata);
    assert.deepEqual(await probe(server), { hasConsumerProtocol: true });
  });

  it('should not find the consumer protocol in a cluster that has not enabled it', async () => {
    const server = await broker(apiVersions([18, 68], groupVersion(0)), metadata);
    assert.deepEqual(await probe(server), { hasConsumerProtocol: false });
  });

  it('should not find the consumer protocol in a broker without it', async () => {
    assert.deepEqual(await probe(await broker(apiVersions([18]), metadata)), { hasConsumerProtocol: false });
  });

  it('should understand a broker that knows only the oldest version of the request', async () => {
    const server = await broker(frame(0, 35, 0, 0, 0, 0), metadata);
    assert.deepEqual(await probe(server), { hasConsumerProtocol: false });
  });

  it('should ask the next server when the first cannot be reached', async () => {
    const server = await broker(apiVersions([18]), metadata);
    assert.deepEqual(await probe(`127.0.0.1:1,${server}`), { hasConsumerProtocol: false });
  });

  it('should refuse TLS to a listener that closes the connection when it reads a TLS greeting', async () => {
    const server = await broker();
    await assert.rejects(
      probeBroker({ bootstrapServers: server, tls: true }, [server], 300, () => false),
      (error) => {
        assert.ok(error instanceof KafkaError, String(error));
        assert.equal(error.code, 'AUTHENTICATION_FAILED');
        assert.match(error.message, /plaintext listener\? Then leave tls out/);
        return true;
      },
    );
  });

  for (const [what, answers, mechanism, pattern] of [
    ['a listener that wants TLS', [], undefined, /TLS listener/],
    ['something that is no Kafka', [Buffer.from('HTTP/1.1 400 Bad Request')], undefined, /Kafka protocol/],
    ['a listener that wants SASL', [apiVersions([18])], undefined, /wants SASL/],
    ['a listener without SASL', [apiVersions([18]), frame(0, 34, 0, 0, 0, 0)], 'PLAIN', /no SASL/],
    [
      'a listener without the mechanism',
      [apiVersions([18]), frame(0, 33, 0, 0, 0, 1, 0, 3, ...Buffer.from('OWN'))],
      'PLAIN',
      /does not offer PLAIN, but OWN/,
    ],
  ] as const) {
    it(`should recognise ${what}`, async () => {
      const server = await broker(...answers);
      await assert.rejects(probe(server, 300, mechanism), (error: unknown) => {
        assert.ok(error instanceof KafkaError);
        assert.equal(error.code, 'AUTHENTICATION_FAILED');
        assert.match(error.message, pattern);
        return true;
      });
    });
  }

  it('should name every server and the reason when none answers in time', async () => {
    await assert.rejects(probe('127.0.0.1:1,127.0.0.1:2'), (error: unknown) => {
      assert.ok(error instanceof KafkaError);
      assert.equal(error.code, 'BROKER_UNREACHABLE');
      assert.match(error.message, /127\.0\.0\.1:1: .*ECONNREFUSED.*127\.0\.0\.1:2: .*ECONNREFUSED/);
      return true;
    });
  });
});
