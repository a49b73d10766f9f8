import { StreamsBuilder, type KStream, type StreamsBuilderOptions } from '../../dist/index.js';
import { serdes } from '../../dist/serde/serdes.js';
import {
  TopologyTestDriver,
  type TestInputTopic,
  type TestOutputTopic,
  type TopologyTestDriverOptions,
} from '../../dist/testing/index.js';

export type TextStream = KStream<string, string>;

export interface Driven {
  readonly driver: TopologyTestDriver;
  readonly input: TestInputTopic<string, string>;
  readonly output: TestOutputTopic<string, string>;
  readonly topic: (name: string) => TestOutputTopic<string, string>;
}

export interface DriveOptions {
  readonly builder?: StreamsBuilderOptions;
  readonly driver?: TopologyTestDriverOptions;
}

/** Runs what `declare` does with a stream of topic `in`, all strings; `output` reads topic `out`. */
export function drive(
  declare: (stream: TextStream, builder: StreamsBuilder) => void,
  options: DriveOptions = {},
): Driven {
  const { string } = serdes;
  const builder = new StreamsBuilder({ keySerde: string, valueSerde: string, ...options.builder });
  declare(builder.stream<string, string>('in'), builder);
  const driver = new TopologyTestDriver(builder.build(), options.driver);
  const topic = (name: string) => driver.createOutputTopic(name, string, string);
  return { driver, input: driver.createInputTopic('in', string, string), output: topic('out'), topic };
}

/** Resolves in a later turn of the event loop. */
export function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}
