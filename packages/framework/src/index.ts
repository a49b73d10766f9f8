export { StreamsError } from './errors/streams-error.js';
export { withPosition } from './errors/with-position.js';
export type { AvroSchema, AvroSerdeOptions } from './serde/avro-serde.js';
export type { JsonSerdeOptions } from './serde/json-serde.js';
export type { FixedSizeSerde } from './serde/number-serdes.js';
export type { Deserializer, Serde, Serializer } from './serde/serde.js';
export { serdes } from './serde/serdes.js';
