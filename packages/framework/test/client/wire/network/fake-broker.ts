import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ByteReader } from '../../../../dist/client/protocol/byte-reader.js';
import { ByteWriter } from '../../../../dist/client/protocol/byte-writer.js';

/** A request as it arrived. */
export interface FakeRequest {
  readonly apiKey: number;
  readonly version: number;
  readonly body: ByteReader;
  /** Connections of this broker, counted from 1 on. */
  readonly connection: number;
}

/** The answer's body, without header; `hang` sends none, `close` ends the connection, a raw frame is sent as it is. */
export type FakeAnswer = Buffer | 'hang' | 'close' | { readonly raw: Buffer };

export type Handler = (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;

export const Api = { listOffsets: 2, metadata: 3, saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 } as const;

const FLEXIBLE_FROM: Readonly<Record<number, number>> = { 2: 6, 3: 9, 17: 99, 18: 3, 32: 4, 36: 2 };

/** A server that speaks as much of the Kafka protocol as a test tells it to. */
export class FakeBroker {
  /** Connections taken so far. */
  connections = 0;
  port = 0;
  readonly requests: { readonly apiKey: number; readonly connection: number }[] = [];
  readonly handlers = new Map<number, Handler>();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(readonly id: number) {
    this.server = createServer((socket) => {
      this.serve(socket, ++this.connections);
    });
    this.handlers.set(Api.apiVersions, ({ version }) => apiVersionsAnswer(version));
  }

  static async start(id = 1, port = 0): Promise<FakeBroker> {
    const broker = new FakeBroker(id);
    await new Promise<void>((resolve) => broker.server.listen(port, '127.0.0.1', resolve));
    broker.port = (broker.server.address() as AddressInfo).port;
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  count(apiKey: number): number {
    return this.requests.filter((request) => request.apiKey === apiKey).length;
  }

  on(apiKey: number, handler: Handler): this {
    this.handlers.set(apiKey, handler);
    return this;
  }

  /** Ends all connections and stops listening. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.reset();
    await closed;
  }

  /** Resets all connections. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Closes all connections in peace, as a broker does with idle ones. Resolves when the clients have closed them, too. */
  async closeIdle(): Promise<void> {
    const closed = [...this.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of this.sockets) socket.end();
    await Promise.all(closed);
  }

  private serve(socket: Socket, connection: number): void {
    let received = Buffer.alloc(0);
    let turn = Promise.resolve();
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const frame = received.subarray(4, 4 + received.readInt32BE(0));
        received = received.subarray(4 + frame.length);
        turn = turn.then(() => this.answer(socket, frame, connection));
      }
    });
  }

  private async answer(socket: Socket, frame: Buffer, connection: number): Promise<void> {
    const body = new ByteReader(frame);
    const [apiKey, version, correlationId] = [body.int16(), body.int16(), body.int32()];
    body.string(false); // client id
    const isFlexible = version >= (FLEXIBLE_FROM[apiKey] ?? 99);
    if (isFlexible) body.taggedFields();
    this.requests.push({ apiKey, connection });
    const handler = this.handlers.get(apiKey);
    const answer = handler === undefined ? 'close' : await handler({ apiKey, version, body, connection });
    if (answer === 'hang') return;
    if (answer === 'close') {
      socket.destroy();
      return;
    }
    if (!Buffer.isBuffer(answer)) {
      socket.write(answer.raw);
      return;
    }
    const tags = isFlexible ? headerTags(apiKey) : NOTHING;
    const header = new ByteWriter().int32(4 + tags.length + answer.length).int32(correlationId);
    socket.write(Buffer.concat([header.finish(), tags, answer]));
  }
}

const NOTHING = Buffer.alloc(0);

/** A field that no version of the protocol has yet: it must be skipped. */
function headerTags(apiKey: number): Buffer {
  if (apiKey === Api.apiVersions) return NOTHING;
  // The login is read by the library, which knows only of no fields.
  return apiKey === Api.saslAuthenticate ? Buffer.from([0]) : Buffer.from([1, 77, 3, 1, 2, 3]);
}

function apiVersionsAnswer(version: number): Buffer {
  if (version < 3) return new ByteWriter().int16(35).int32(0).finish();
  const writer = new ByteWriter().int16(0);
  const apis = [
    [Api.listOffsets, 1, 11],
    [Api.metadata, 0, 13],
    [Api.apiVersions, 0, 4],
    [99, 0, 0],
  ] as const;
  writer.arrayLength(apis.length, true);
  for (const [key, min, max] of apis) writer.int16(key).int16(min).int16(max).noTaggedFields();
  return writer.int32(0).noTaggedFields().finish();
}

export interface FakeTopic {
  readonly topic: string;
  readonly errorCode?: number;
  /** Leader of each partition. */
  readonly leaders: readonly number[];
}

/** A metadata answer, version 12. */
export function metadataAnswer(
  brokers: readonly { readonly id: number; readonly port: number }[],
  topics: readonly FakeTopic[] = [],
  throttleTimeMs = 0,
): Buffer {
  const writer = new ByteWriter().int32(throttleTimeMs).arrayLength(brokers.length, true);
  for (const { id, port } of brokers) {
    writer.int32(id).string('127.0.0.1', true).int32(port).string('rack-a', true).noTaggedFields();
  }
  writer.string('cluster', true).int32(1).arrayLength(topics.length, true);
  for (const { topic, errorCode = 0, leaders } of topics) {
    writer.int16(errorCode).string(topic, true).uuid('0123456789abcdef0123456789abcdef').int8(0);
    writer.arrayLength(leaders.length, true);
    for (const [partition, leader] of leaders.entries()) {
      writer
        .int16(leader < 0 ? 5 : 0)
        .int32(partition)
        .int32(leader)
        .int32(7);
      writer.arrayLength(1, true).int32(Math.max(leader, 1));
      writer.arrayLength(0, true).arrayLength(0, true).noTaggedFields();
    }
    writer.int32(0).noTaggedFields();
  }
  return writer.noTaggedFields().finish();
}

/** A ListOffsets answer, version 7, for one topic: error and offset by partition. */
export function offsetsAnswer(
  topic: string,
  answers: readonly { readonly partition: number; readonly errorCode?: number; readonly offset: number }[],
): Buffer {
  const writer = new ByteWriter().int32(0).arrayLength(1, true).string(topic, true).arrayLength(answers.length, true);
  for (const { partition, errorCode = 0, offset } of answers) {
    writer.int32(partition).int16(errorCode).int64(-1).int64(offset).int32(7).noTaggedFields();
  }
  return writer.noTaggedFields().noTaggedFields().finish();
}
