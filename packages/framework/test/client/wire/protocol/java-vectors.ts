import { readFileSync } from 'node:fs';

interface JavaVectors {
  readonly fetchRequests: Readonly<Record<string, string>>;
  readonly fetchResponses: Readonly<Record<string, string>>;
  readonly recordSets: Readonly<Record<string, string>>;
}

const file = new URL('../../../../test/client/wire/protocol/java/wire-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as JavaVectors;

/** The version numbers of Fetch of which there are vectors. */
export const fetchVersions = Object.keys(vectors.fetchRequests).map(Number);

/** What Apache Kafka's own classes write (`java/WireVectors.java`). */
export function javaVector(kind: keyof JavaVectors, name: string | number): Buffer {
  const base64 = vectors[kind][String(name)];
  if (base64 === undefined) throw new Error(`no vector ${kind}.${name}`);
  return Buffer.from(base64, 'base64');
}
