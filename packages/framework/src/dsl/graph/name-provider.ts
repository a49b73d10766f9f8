import { checkName } from '../../topology/node-names.js';

/** Numbers the operators of one builder: one counter for all kinds, ten digits, as in Kafka Streams. */
export class NameProvider {
  #index = 0;
  readonly #generatedTopics = new Set<string>();

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

  private checked(name: string | undefined): string | undefined {
    if (name !== undefined) checkName(name, 'operator');
    return name;
  }
}
