import {
  serdes,
  StreamsBuilder,
  type Deserializer,
  type Logger,
  type Serializer,
  type StreamsBuilderOptions,
} from '../../dist/index.js';
import {
  TopologyTestDriver,
  type TestInputTopic,
  type TestOutputTopic,
  type TopologyTestDriverOptions,
} from '../../dist/testing/index.js';

const { string } = serdes;

/** A topology under test whose keys and values are strings unless said otherwise. */
export class DrivenTables {
  readonly driver: TopologyTestDriver;
  readonly warnings: string[] = [];

  constructor(
    declare: (builder: StreamsBuilder) => void,
    options: TopologyTestDriverOptions = {},
    builderOptions: StreamsBuilderOptions = {},
  ) {
    const builder = new StreamsBuilder({ keySerde: string, valueSerde: string, ...builderOptions });
    declare(builder);
    this.driver = new TopologyTestDriver(builder.build(), { logger: this.#logger(), ...options });
  }

  input(topic = 'in'): TestInputTopic<string, string> {
    return this.driver.createInputTopic(topic, string, string);
  }

  inputOf<V>(topic: string, serializer: Serializer<V>): TestInputTopic<string, V> {
    return this.driver.createInputTopic(topic, string, serializer);
  }

  output(topic = 'out'): TestOutputTopic<string, string> {
    return this.driver.createOutputTopic(topic, string, string);
  }

  outputOf<V>(topic: string, deserializer: Deserializer<V>): TestOutputTopic<string, V> {
    return this.driver.createOutputTopic(topic, string, deserializer);
  }

  /** Pipes records so that all are processed before caches are flushed, as between two commits. */
  async pipeTogether<V>(
    input: TestInputTopic<string, V>,
    records: readonly (readonly [string | null, V | null, { timestamp: number }?])[],
  ): Promise<void> {
    await Promise.all(records.map(([key, value, options]) => input.pipe(key, value, options ?? {})));
  }

  #logger(): Logger {
    const nothing = (): void => undefined;
    const warn = (_fields: object, message: string): void => {
      this.warnings.push(message);
    };
    const logger: Logger = { debug: nothing, info: nothing, warn, error: nothing, child: () => logger };
    return logger;
  }
}
