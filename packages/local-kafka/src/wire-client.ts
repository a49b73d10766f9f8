import { connect, type Socket } from 'node:net';

/*
 * The few requests this package makes itself, in the oldest versions that Kafka 4 still serves (fixed-size lengths, no
 * tagged fields). Layouts: the Kafka protocol guide, and clients/src/main/resources/common/message/ in Apache Kafka.
 */

const API_METADATA = { key: 3, version: 1 };
const API_VERSIONS = { key: 18, version: 0 };
const API_CREATE_ACLS = { key: 30, version: 1 };

/** A broker as the cluster's metadata names it. */
export interface BrokerAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** One ACL that allows, in the protocol's numbers. */
export interface AclBinding {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly operation: number;
}

/** Asks a broker which requests it serves: the number of request kinds. */
export async function requestApiVersions(host: string, port: number, timeoutMs: number): Promise<number> {
  const body = new Reader(await request(host, port, API_VERSIONS, Buffer.alloc(0), timeoutMs));
  const error = body.int16();
  if (error !== 0) throw new Error(`ApiVersions was answered with error ${error}`);
  return body.int32();
}

/** Asks a broker for the brokers it knows to be alive. */
export async function requestBrokers(host: string, port: number, timeoutMs: number): Promise<BrokerAddress[]> {
  // An empty list of topics: none (null would be all).
  const body = new Reader(await request(host, port, API_METADATA, int32(0), timeoutMs));
  return body.array(() => {
    const broker = { id: body.int32(), host: body.string() ?? '', port: body.int32() };
    body.string(); // rack
    return broker;
  });
}

/** Creates ACLs that allow, for every host. */
export async function requestCreateAcls(
  host: string,
  port: number,
  acls: readonly AclBinding[],
  timeoutMs: number,
): Promise<void> {
  const parts = [int32(acls.length)];
  for (const acl of acls) {
    parts.push(int8(acl.resourceType), string(acl.resourceName), int8(acl.patternType));
    parts.push(string(acl.principal), string('*'), int8(acl.operation), int8(3));
  }
  const body = new Reader(await request(host, port, API_CREATE_ACLS, Buffer.concat(parts), timeoutMs));
  body.int32(); // throttle time
  body.array(() => {
    const error = body.int16();
    const message = body.string();
    if (error !== 0) throw new Error(`CreateAcls was answered with error ${error}: ${message ?? ''}`);
  });
}

/** One request on a connection of its own; resolves with the response's body. */
async function request(
  host: string,
  port: number,
  api: { key: number; version: number },
  body: Buffer,
  timeoutMs: number,
): Promise<Buffer> {
  const head = Buffer.alloc(8);
  head.writeInt16BE(api.key, 0);
  head.writeInt16BE(api.version, 2);
  head.writeInt32BE(1, 4);
  const message = Buffer.concat([head, string('millrace-local-kafka'), body]);
  const socket = connect({ host, port });
  try {
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer from ${host}:${port} in ${timeoutMs} ms`)));
    socket.write(Buffer.concat([int32(message.length), message]));
    const response = await readResponse(socket);
    return response.subarray(4); // correlation id
  } finally {
    socket.destroy();
  }
}

async function readResponse(socket: Socket): Promise<Buffer> {
  let received: Buffer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk]);
    if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      return received.subarray(4, 4 + received.readInt32BE(0));
    }
  }
  throw new Error('the connection was closed before the answer came');
}

class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  int16(): number {
    this.#at += 2;
    return this.#buffer.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }

  string(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    this.#at += length;
    return this.#buffer.toString('utf8', this.#at - length, this.#at);
  }

  array<T>(element: () => T): T[] {
    return Array.from({ length: this.int32() }, element);
  }
}

function int8(value: number): Buffer {
  return Buffer.from([value]);
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function string(value: string): Buffer {
  const text = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(text.length);
  return Buffer.concat([length, text]);
}
