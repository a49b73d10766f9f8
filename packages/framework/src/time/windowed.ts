/**
 * A span of event time, ms since the epoch. Time windows: `startMs` inclusive, `endMs` exclusive. Session windows: both
 * inclusive (`endMs` is the timestamp of the last record).
 */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** A key in a window: what windowed aggregates are kept under. */
export class Windowed<K> {
  constructor(
    readonly key: K,
    readonly window: Window,
  ) {}

  toString(): string {
    return `[${String(this.key)}@${this.window.startMs}/${this.window.endMs}]`;
  }
}
