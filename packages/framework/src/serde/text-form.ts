import type { Serde } from './serde.js';

/**
 * A serde whose bytes are text in UTF-8, without the way through a Buffer: for whoever keeps text as it is. `toText` and
 * `fromText` throw what `serialize` and `deserialize` do.
 */
export interface TextForm<T> {
  toText(topic: string, data: T): string;
  fromText(topic: string, text: string): T;
  /** Whether `toText` always makes a new string; else it may be a part of a larger one, and keep that in memory. */
  readonly isNewText: boolean;
}

/** By the serde's identity: a copy of a serde with a function of its own is another serde. */
const forms = new WeakMap<object, TextForm<unknown>>();

/** Gives a serde a text form, and returns it. */
export function withTextForm<T>(serde: Serde<T>, form: TextForm<T>): Serde<T> {
  forms.set(serde, form as TextForm<unknown>);
  return serde;
}

export function textFormOf<T>(serde: Serde<T>): TextForm<T> | undefined {
  return forms.get(serde) as TextForm<T> | undefined;
}
