import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

/** What SaslAuthenticate answers if the password is wrong. */
export const SASL_AUTHENTICATION_FAILED = 58;
/** What CreateTopics answers if the user may not create this topic. */
export const TOPIC_AUTHORIZATION_FAILED = 29;

/** A connection with TLS and SASL PLAIN, by hand: this package has no Kafka client, and needs none. */
export class SecureSession {
  readonly #socket: TLSSocket;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
  }

  /** Connects with TLS and checks the broker's certificate against `ca`. */
  static async open(port: number, ca: string | undefined): Promise<SecureSession> {
    const socket = connect({ host: '127.0.0.1', port, ...(ca === undefined ? {} : { ca }) });
    await once(socket, 'secureConnect');
    return new SecureSession(socket);
  }

  /** SaslHandshake v1 and SaslAuthenticate v0. Resolves with the broker's error code. */
  async login(user: string, password: string): Promise<number> {
    await this.#request(17, 1, text('PLAIN'));
    const token = Buffer.from(`\0${user}\0${password}`);
    return (await this.#request(36, 0, Buffer.concat([int32(token.length), token]))).readInt16BE(0);
  }

  /** CreateTopics v2, one partition. Resolves with the broker's error code. */
  async createTopic(name: string): Promise<number> {
    const topic = Buffer.concat([text(name), int32(1), Buffer.from([0, 1]), int32(0), int32(0)]);
    const body = Buffer.concat([int32(1), topic, int32(10_000), Buffer.from([0])]);
    const response = await this.#request(19, 2, body);
    return response.readInt16BE(4 + 4 + 2 + Buffer.byteLength(name));
  }

  close(): void {
    this.#socket.destroy();
  }

  async #request(key: number, version: number, body: Buffer): Promise<Buffer> {
    const head = Buffer.alloc(8);
    head.writeInt16BE(key, 0);
    head.writeInt16BE(version, 2);
    const message = Buffer.concat([head, text('test'), body]);
    this.#socket.write(Buffer.concat([int32(message.length), message]));
    let received: Buffer = Buffer.alloc(0);
    while (received.length < 4 || received.length < 4 + received.readInt32BE(0)) {
      const [chunk] = (await once(this.#socket, 'data')) as [Buffer];
      received = Buffer.concat([received, chunk]);
    }
    return received.subarray(8);
  }
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0, Buffer.byteLength(value)]), Buffer.from(value)]);
}
