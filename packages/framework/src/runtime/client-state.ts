import { IllegalStateError } from '../errors/errors.js';

/**
 * Life of a {@link StreamsClient}; names and moves as in Kafka Streams.
 *
 *                +-----------+
 *                |  CREATED  |---------------------------+
 *                +-----+-----+                           |
 *                      v                                 |
 *                +-------------+   +---------------+     |
 *          +---->| REBALANCING |-->|               |<----+
 *          |     +--+-----+----+   |    PENDING_   |
 *          |        |     v        |    SHUTDOWN   |-->  NOT_RUNNING
 *          |        |  +---------+ |               |
 *          +--------+--| RUNNING |>|               |
 *                   |  +----+----+ +---------------+
 *                   v       v
 *                +---------------+
 *                | PENDING_ERROR |---> ERROR
 *                +---------------+
 */
export type ClientState =
  'CREATED' | 'REBALANCING' | 'RUNNING' | 'PENDING_SHUTDOWN' | 'NOT_RUNNING' | 'PENDING_ERROR' | 'ERROR';

const transitions: Readonly<Record<ClientState, readonly ClientState[]>> = {
  CREATED: ['REBALANCING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
  REBALANCING: ['RUNNING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
  RUNNING: ['REBALANCING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
  PENDING_SHUTDOWN: ['NOT_RUNNING', 'PENDING_ERROR'],
  NOT_RUNNING: [],
  PENDING_ERROR: ['ERROR'],
  ERROR: [],
};

export type StateListener = (next: ClientState, previous: ClientState) => void;

/** Holds the state and tells listeners of each change, in order. A listener that throws does not stop the change. */
export class ClientLifecycle {
  #state: ClientState = 'CREATED';
  readonly #listeners = new Set<StateListener>();

  constructor(private readonly onListenerError: (error: unknown) => void) {}

  get state(): ClientState {
    return this.#state;
  }

  /** @throws IllegalStateError if the table above does not allow the move. */
  transitionTo(next: ClientState): void {
    const previous = this.#state;
    if (!transitions[previous].includes(next)) {
      throw new IllegalStateError(`A client cannot go from ${previous} to ${next}.`);
    }
    this.#state = next;
    for (const listener of this.#listeners) {
      try {
        listener(next, previous);
      } catch (error) {
        this.onListenerError(error);
      }
    }
  }

  /** @returns a function that removes the listener */
  onChange(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
