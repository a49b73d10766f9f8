/** A store of one task. */
export interface StateStore {
  readonly name: string;
  /** Whether its content outlives the process. */
  readonly isPersistent: boolean;
  /** False once its task has closed. Every other call then throws `STORE_CLOSED`. */
  readonly isOpen: boolean;
}
