import type { Serde } from '../serde/serde.js';
import type { KStream } from './k-stream.js';
import type { StreamState } from './stream-state.js';
import type { TableOrigin } from './table-origin.js';

/** What one table of the DSL knows of itself. */
export interface TableState<K, V> extends Pick<StreamState<K, V>, 'graph' | 'defaults' | 'node' | 'sources'> {
  readonly keySerde: Serde<K> | undefined;
  readonly valueSerde: Serde<V> | undefined;
  readonly origin: TableOrigin<K, V>;
  /** `new KStream`, handed in because streams make tables too. */
  readonly createStream: <KOut, VOut>(state: StreamState<KOut, VOut>) => KStream<KOut, VOut>;
}
