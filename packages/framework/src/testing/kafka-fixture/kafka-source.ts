/** Where the Kafka of a test run may come from. */
export type KafkaSourceName = 'env' | 'testcontainers' | 'local';

/** A Kafka that answers. */
export interface ProvidedKafka {
  readonly bootstrapServers: string;
  /** Ends it, if it was started for this run. */
  stop(): Promise<void>;
}

export interface KafkaSourceOptions {
  /** Told what is going on, line by line. */
  readonly onProgress: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
}

/** One way to get a Kafka. Rejects with an error that says why it is not to be had this way. */
export type KafkaSource = (options: KafkaSourceOptions) => Promise<ProvidedKafka>;
