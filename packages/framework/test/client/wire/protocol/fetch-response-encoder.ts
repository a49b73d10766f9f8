/** What the fuzz test needs to say about a partition. */
export interface PlainPartition {
  readonly partition: number;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
  readonly records: Buffer;
}

function int(bytes: 2 | 4 | 8, value: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 8) buffer.writeBigInt64BE(BigInt(value));
  else buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** A Fetch response of one topic, version 4 to 17, written field by field from `FetchResponse.json`. */
export function encodeFetchResponse(version: number, partitions: readonly PlainPartition[]): Buffer {
  const isFlexible = version >= 12;
  const count = (length: number): Buffer => (isFlexible ? uvarint(length + 1) : int(4, length));
  const tags = isFlexible ? [Buffer.from([0])] : [];
  const topic = version >= 13 ? Buffer.alloc(16, 7) : isFlexible ? Buffer.from('\u0002t') : Buffer.from('\0\u0001t');
  const encoded = partitions.map(({ partition, aborted, records }) =>
    Buffer.concat([
      int(4, partition),
      int(2, 0),
      int(8, 5_000),
      int(8, 5_000),
      ...(version >= 5 ? [int(8, 0)] : []),
      count(aborted.length),
      ...aborted.flatMap(({ producerId, firstOffset }) => [int(8, producerId), int(8, firstOffset), ...tags]),
      ...(version >= 11 ? [int(4, -1)] : []),
      count(records.length),
      records,
      ...tags,
    ]),
  );
  const head = [int(4, 0), ...(version >= 7 ? [int(2, 0), int(4, 7)] : [])];
  return Buffer.concat([...head, count(1), topic, count(partitions.length), ...encoded, ...tags, ...tags]);
}
