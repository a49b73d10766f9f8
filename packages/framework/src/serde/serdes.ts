import { avroSerde } from './avro-serde.js';
import { json } from './json-serde.js';
import { list } from './list-serde.js';
import { bigint64, float32, float64, int16, int32, int64 } from './number-serdes.js';
import { boolean, bytes, none } from './plain-serdes.js';
import { string, uuid } from './text-serdes.js';

/**
 * The serdes that come with Millrace. Bytes are those of Apache Kafka's Java serializers where there is one, so that
 * Java and Millrace applications read each other's topics.
 *
 * What a serde cannot write raises a `SerdeError` with code `WRONG_TYPE`, what it cannot read one with
 * `DESERIALIZATION_FAILED`; both name the topic, what was expected and (shortened) what came.
 */
export const serdes = Object.freeze({
  bytes,
  string,
  json,
  int16,
  int32,
  int64,
  bigint64,
  float32,
  float64,
  boolean,
  uuid,
  void: none,
  list,
  avro: avroSerde,
});
