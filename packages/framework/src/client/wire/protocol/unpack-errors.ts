/** The bytes would unpack to more than is allowed. */
export class UnpackedTooLarge extends Error {}

/** The packed bytes are not what a compressor writes. */
export class DamagedPacking extends Error {}

/** A compression that this process has no means to unpack. */
export class UnsupportedCodec extends Error {}
