/** The running service, wherever it runs. */
export interface ServiceRunner {
  /** For people, e.g. `2 processes (4711, 4712)`. */
  readonly description: string;
  /** Rejects when the service ends although nobody asked it to; never resolves. */
  readonly failed: Promise<never>;
  /** Asks it to finish and commit (SIGTERM), and waits until it has. */
  stop(): Promise<void>;
}

/** What a runner needs to know. */
export interface ServiceSettings {
  readonly applicationId: string;
  readonly topicPrefix: string;
  /** Where its stores are kept. */
  readonly stateDir: string;
}
