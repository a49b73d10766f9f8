/** Disjoint sets of names: which nodes are connected, directly or through others. */
export class UnionFind {
  readonly #parents = new Map<string, string>();

  /** Adds a set of one. */
  add(name: string): void {
    this.#parents.set(name, name);
  }

  /** Joins the sets of both names. */
  unite(a: string, b: string): void {
    const rootA = this.root(a);
    const rootB = this.root(b);
    if (rootA !== rootB) this.#parents.set(rootA, rootB);
  }

  /** The name that stands for the whole set; equal for two names exactly if they are connected. */
  root(name: string): string {
    let current = name;
    for (;;) {
      const parent = this.#parents.get(current);
      if (parent === undefined) throw new Error(`'${name}' was never added`);
      if (parent === current) return current;
      // Path splitting: every visited name ends up closer to its root.
      const grandparent = this.#parents.get(parent) ?? parent;
      this.#parents.set(current, grandparent);
      current = parent;
    }
  }
}
