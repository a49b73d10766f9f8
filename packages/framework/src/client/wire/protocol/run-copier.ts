/** A copy of more bytes than this is faster with the engine's own copy. */
const longLiterals = 64;
const longMatch = 256;

/**
 * Copies go four bytes at a time, and may write up to three bytes too many: an output buffer has so many more than are
 * written to it.
 */
export const RUN_SLACK_BYTES = 3;

/**
 * The two copies that LZ4, Snappy and Zstandard are made of: literals from the input, and repetitions of what was written.
 * Bounds are the caller's to check.
 */
export class RunCopier {
  private readonly from: DataView;
  private readonly to: DataView;

  constructor(
    private readonly input: Buffer,
    private readonly output: Buffer,
  ) {
    this.from = new DataView(input.buffer, input.byteOffset, input.length);
    this.to = new DataView(output.buffer, output.byteOffset, output.length);
  }

  literals(from: number, to: number, length: number): void {
    if (length > longLiterals || from + length + RUN_SLACK_BYTES > this.input.length) {
      this.output.set(this.input.subarray(from, from + length), to);
      return;
    }
    for (let done = 0; done < length; done += 4) this.to.setInt32(to + done, this.from.getInt32(from + done));
  }

  /** Repeats what was written `distance` bytes before `to`. If that is less than `length`, it repeats over and over. */
  match(to: number, distance: number, length: number): void {
    const { output } = this;
    const from = to - distance;
    if (distance < 4) {
      for (let done = 0; done < length; done++) output[to + done] = output[from + done]!;
    } else if (length > longMatch && distance >= length) {
      output.copyWithin(to, from, from + length);
    } else {
      for (let done = 0; done < length; done += 4) this.to.setInt32(to + done, this.to.getInt32(from + done));
    }
  }
}
