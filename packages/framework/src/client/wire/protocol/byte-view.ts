type ByteViewConstructor = new (memory: ArrayBufferLike, byteOffset: number, length: number) => Buffer;

/** The way that every runtime knows. */
class BufferOfMemory {
  constructor(memory: ArrayBufferLike, byteOffset: number, length: number) {
    return Buffer.from(memory, byteOffset, length);
  }
}

/** What `Buffer` says its instances are made by, if that makes buffers. */
function nodeConstructor(): ByteViewConstructor | undefined {
  const species = (Buffer as unknown as { readonly [Symbol.species]?: ByteViewConstructor })[Symbol.species];
  const isUsable = species !== undefined && Buffer.isBuffer(new species(new ArrayBuffer(1), 0, 1));
  return isUsable ? species : undefined;
}

/**
 * Makes a `Buffer` over a part of some memory, as `subarray` does, in a third of its time: that is most of what a record
 * costs. The part must lie within the memory.
 */
export const ByteView: ByteViewConstructor = nodeConstructor() ?? (BufferOfMemory as unknown as ByteViewConstructor);
