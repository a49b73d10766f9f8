import { serdes, StreamsBuilder, type Topology } from '@millrace/framework';
import type { Order } from './orders.js';

interface Totals {
  readonly count: number;
  readonly sum: number;
}

export interface TotalsOptions {
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly engine: 'memory' | 'lmdb';
}

/** Name of the store of {@link totalsTopology}; its changelog is `<application id>-totals-changelog`. */
export const TOTALS_STORE = 'totals';

/** Count and sum of the orders of each user; every update goes out unless caching is on. */
export function totalsTopology({ inputTopic, outputTopic, engine }: TotalsOptions, onOrder: () => void): Topology {
  const totals = serdes.json<Totals>();
  const builder = new StreamsBuilder();
  builder
    .stream(inputTopic, { keySerde: serdes.string, valueSerde: serdes.json<Order>() })
    .groupByKey()
    .aggregate<Totals>(
      () => ({ count: 0, sum: 0 }),
      ({ count, sum }, order) => {
        onOrder();
        return { count: count + 1, sum: sum + order.amount };
      },
      { name: TOTALS_STORE, valueSerde: totals, engine },
    )
    .toStream()
    .to(outputTopic, { valueSerde: totals });
  return builder.build();
}
