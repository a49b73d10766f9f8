import { Topology as TopologyClass } from '../topology/topology.js';
import { topologyMethod, type TopologyMethodDecorator } from './decorators.js';

/**
 * Both things that the word stands for, under the one name that users import: the class (`new Topology()`, for
 * topologies written by hand with the Processor API), and, called without `new`, the decorator of the method of a service
 * that declares its topology.
 *
 * @example
 * ```ts
 * @StreamService({ applicationId: 'orders' })
 * class Orders {
 *   @Topology()
 *   build(builder: StreamsBuilder): void {
 *     builder.stream('orders', { keySerde: serdes.string, valueSerde: serdes.json<Order>() }).to('copies');
 *   }
 * }
 * ```
 */
export const Topology: typeof TopologyClass & (() => TopologyMethodDecorator) = new Proxy(
  TopologyClass as typeof TopologyClass & (() => TopologyMethodDecorator),
  { apply: () => topologyMethod() },
);

/** A topology: what `new Topology()` makes and `StreamsBuilder.build()` returns. */
export type Topology = TopologyClass;
