/**
 * Text kept with each committed offset: the partition's stream time, so that it survives a restart.
 *
 * Base64 of one version byte (2), the time as 8 bytes big-endian, and processor metadata (none here), as Kafka Streams
 * writes it (TopicPartitionMetadata.java). Version 1 has no processor metadata.
 */
const VERSION = 2;
const LENGTH = 9;

/** @param partitionTimeMs largest timestamp seen in the partition, or -1 */
export function encodeOffsetMetadata(partitionTimeMs: number): string {
  const bytes = Buffer.alloc(LENGTH);
  bytes.writeUInt8(VERSION, 0);
  bytes.writeBigInt64BE(BigInt(partitionTimeMs), 1);
  return bytes.toString('base64');
}

/** @returns the partition's time, ms, or -1 for text that is empty or was not written by a streams application */
export function decodeOffsetMetadata(metadata: string | undefined): number {
  if (!metadata) return -1;
  const bytes = Buffer.from(metadata, 'base64');
  const version = bytes[0];
  if (bytes.length < LENGTH || (version !== 1 && version !== 2)) return -1;
  return Number(bytes.readBigInt64BE(1));
}
