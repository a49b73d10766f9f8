/**
 * A table of which every process holds all rows, whatever partitions it works on. Read before the process starts to work,
 * then kept up to date. Processors look rows up in its store: `context.getStateStore(table.queryableStoreName)`.
 */
export class GlobalKTable<K, V> {
  /** The types of the rows; there is no such property. */
  declare readonly rows: ReadonlyMap<K, V>;

  /** Made by `StreamsBuilder.globalTable()`. @internal */
  constructor(
    /** Name of the store. */
    readonly queryableStoreName: string,
  ) {}
}
