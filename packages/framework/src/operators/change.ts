/** What a table tells the operators below it: a key's value now, and before. */
export interface Change<V> {
  /** null: the key was deleted. */
  readonly newValue: V | null;
  /** null: the key is new, or nobody below asked for old values. */
  readonly oldValue: V | null;
}
