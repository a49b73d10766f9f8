/*
 * `Topology.describe()` of Kafka Streams walks Java hash sets and fills tree sets whose comparator depends on sizes that
 * still change, so the order of its lines depends on how java.util.HashMap and java.util.TreeMap work inside. These two
 * pieces reproduce that order; nothing else uses them.
 */

/** `String.hashCode()`, spread as `HashMap.hash()` does (java.util.HashMap, JDK 8 and later). */
function spreadHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash ^ (hash >>> 16);
}

/**
 * The order in which a `java.util.HashSet` returns these strings after they were added one by one in the given order.
 * Repeated strings count once.
 *
 * @param expectedSize the collection was copied from one of this size (`new HashSet<>(collection)`), which makes its table
 * larger than growing it would
 */
export function javaHashOrder(names: Iterable<string>, expectedSize?: number): string[] {
  const unique = [...new Set(names)];
  let capacity = 16;
  if (expectedSize !== undefined) {
    while (capacity < Math.max(Math.floor(expectedSize / 0.75) + 1, 16)) capacity *= 2;
  }
  while (unique.length > capacity * 0.75) capacity *= 2;
  const mask = capacity - 1;
  // Within a bucket the order is that of insertion, also after the table has grown; Array.sort is stable.
  return unique
    .map((name) => ({ name, bucket: spreadHash(name) & mask }))
    .sort((a, b) => a.bucket - b.bucket)
    .map((entry) => entry.name);
}

interface TreeEntry<T> {
  readonly value: T;
  left: TreeEntry<T> | undefined;
  right: TreeEntry<T> | undefined;
  parent: TreeEntry<T> | undefined;
  isRed: boolean;
}

/**
 * A `java.util.TreeSet`: the red-black tree of Cormen, Leiserson and Rivest. It matters that it is this very tree: with a
 * comparator whose answers change while elements are added, the shape of the tree decides where an element lands.
 */
export class JavaTreeSet<T> implements Iterable<T> {
  readonly #compare: (a: T, b: T) => number;
  #root: TreeEntry<T> | undefined;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** Adds the value unless an equal one is met on the way down. */
  add(value: T): void {
    const entry: TreeEntry<T> = { value, left: undefined, right: undefined, parent: undefined, isRed: false };
    if (this.#root === undefined) {
      this.#root = entry;
      return;
    }
    let current = this.#root;
    for (;;) {
      const order = this.#compare(value, current.value);
      if (order === 0) return;
      const next = order < 0 ? current.left : current.right;
      if (next === undefined) {
        entry.parent = current;
        entry.isRed = true;
        if (order < 0) current.left = entry;
        else current.right = entry;
        break;
      }
      current = next;
    }
    this.#rebalance(entry);
  }

  *[Symbol.iterator](): Iterator<T> {
    yield* this.#inOrder(this.#root);
  }

  *#inOrder(entry: TreeEntry<T> | undefined): Generator<T> {
    if (entry === undefined) return;
    yield* this.#inOrder(entry.left);
    yield entry.value;
    yield* this.#inOrder(entry.right);
  }

  #rebalance(added: TreeEntry<T>): void {
    let entry = added;
    while (entry.parent?.isRed === true) {
      let parent = entry.parent;
      const grandparent = parent.parent;
      if (grandparent === undefined) break;
      const isLeft = parent === grandparent.left;
      const uncle = isLeft ? grandparent.right : grandparent.left;
      if (uncle?.isRed === true) {
        parent.isRed = false;
        uncle.isRed = false;
        grandparent.isRed = true;
        entry = grandparent;
        continue;
      }
      if (entry === (isLeft ? parent.right : parent.left)) {
        this.#rotate(parent, isLeft);
        parent = entry;
      }
      parent.isRed = false;
      grandparent.isRed = true;
      this.#rotate(grandparent, !isLeft);
      break;
    }
    if (this.#root !== undefined) this.#root.isRed = false;
  }

  /** Turns `entry` down to the left (or right); its child of the other side takes its place. */
  #rotate(entry: TreeEntry<T>, toLeft: boolean): void {
    const pivot = toLeft ? entry.right : entry.left;
    if (pivot === undefined) return;
    const moved = toLeft ? pivot.left : pivot.right;
    if (toLeft) entry.right = moved;
    else entry.left = moved;
    if (moved !== undefined) moved.parent = entry;
    pivot.parent = entry.parent;
    if (entry.parent === undefined) this.#root = pivot;
    else if (entry.parent.left === entry) entry.parent.left = pivot;
    else entry.parent.right = pivot;
    if (toLeft) pivot.left = entry;
    else pivot.right = entry;
    entry.parent = pivot;
  }
}
