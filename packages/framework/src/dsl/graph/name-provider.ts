import { checkName } from '../../topology/node-names.js';

/** Numbers the operators of one builder: one counter for all kinds, ten digits, as in Kafka Streams. */
export class NameProvider {
  #index = 0;
  readonly #generatedTopics = new Set<string>();
  readonly #generatedStores = new Set<string>();

  /** `prefix` with the next number. */
  next(prefix: string): string {
    return prefix + String(this.#index++).padStart(10, '0');
  }

  /** The user's name, else a generated one. Either way a number is used up, so that naming an operator renames no other. */
  nameOr(name: string | undefined, prefix: string): string {
    const generated = this.next(prefix);
    return this.checked(name) ?? generated;
  }

  /** As {@link nameOr}, for the operators where Kafka Streams uses up a number only if it is needed. */
  nameOrNext(name: string | undefined, prefix: string): string {
    return this.checked(name) ?? this.next(prefix);
  }

  /** Remembers a topic whose name will change when operators before it are added or removed. */
  noteGeneratedTopic(topic: string): void {
    this.#generatedTopics.add(topic);
  }

  get generatedTopics(): readonly string[] {
    return [...this.#generatedTopics];
  }

  /** A numbered store name, e.g. `KSTREAM-REDUCE-STATE-STORE-0000000001` for the prefix `KSTREAM-REDUCE-`. */
  nextStore(prefix: string): string {
    return this.next(`${prefix}STATE-STORE-`);
  }

  /** The user's name with a suffix, else a generated one. Either way a number is used up. */
  suffixedOr(name: string | undefined, suffix: string, prefix: string): string {
    const generated = this.next(prefix);
    return name === undefined ? generated : (this.checked(name + suffix) ?? generated);
  }

  /** As {@link noteGeneratedTopic}, of a store. */
  noteGeneratedStore(store: string): void {
    this.#generatedStores.add(store);
  }

  get generatedStores(): readonly string[] {
    return [...this.#generatedStores];
  }

  private checked(name: string | undefined): string | undefined {
    if (name !== undefined) checkName(name, 'operator');
    return name;
  }
}
