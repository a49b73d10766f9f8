import { injectable } from 'inversify';
import type { StreamsBuilder } from '../dsl/streams-builder.js';
import { annotate, annotateMember, type ServiceClass } from './service-metadata.js';
import type { HandlerContext, HandlerMethod, StreamHandlerOptions } from './stream-handler-options.js';
import type { StreamServiceOptions } from './stream-service-options.js';

/**
 * Declares a class as a service: its `@Topology` and `@StreamHandler` methods are its topology, `runService(Class)` runs
 * it. The decorator only records the options; they are checked when the service is run.
 *
 * @example
 * ```ts
 * @StreamService({ applicationId: 'flights-etl' })
 * class FlightsEtl {
 *   constructor(@inject(AIRPORTS) private readonly airports: Airports) {}
 *
 *   @StreamHandler({ from: 'flights', to: 'delays', valueSerde: serdes.json<Flight>(), outValueSerde: serdes.json<Delay>() })
 *   toDelay(flight: Flight): Delay | null {
 *     return flight.delay > 0 ? { airport: this.airports.name(flight.origin), minutes: flight.delay } : null;
 *   }
 * }
 *
 * await runService(FlightsEtl);
 * ```
 */
export function StreamService(options: StreamServiceOptions): (target: ServiceClass) => void {
  return (target) => {
    injectable()(target);
    annotate(target).options = options;
  };
}

/** What `@Topology()` may stand on: a method that gets the builder and declares a part of the topology with it. */
export type TopologyMethodDecorator = (
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<(builder: StreamsBuilder) => void>,
) => void;

/** The decorator behind `@Topology()`. */
export function topologyMethod(): TopologyMethodDecorator {
  return (target, method) => {
    annotateMember(target, { kind: 'topology', method, isStatic: typeof target === 'function' });
  };
}

/** What `@StreamHandler` may stand on: a method of the declared types. */
export type HandlerMethodDecorator<V, K, VOut, KOut> = <T extends HandlerMethod<V, K, VOut, KOut>>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

/** What `@StreamHandler` without `to` may stand on: what the method returns does not matter. */
export type ConsumerMethodDecorator<V, K> = <T extends (value: V, context: HandlerContext<K, never, never>) => unknown>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

/**
 * Declares a method that is called for each record of a topic, and whose result is written to another one. What it
 * throws goes to the application's processing handler. See {@link HandlerMethod} for arguments and results.
 *
 * It stands for `builder.stream(from).process(handler).to(to)`, with nodes named after the method.
 */
export function StreamHandler<V, K = Buffer>(
  options: StreamHandlerOptions<V, K, never, never> & { readonly to?: never },
): ConsumerMethodDecorator<V, K>;
export function StreamHandler<V, K = Buffer, VOut = V, KOut = K>(
  options: StreamHandlerOptions<V, K, VOut, KOut>,
): HandlerMethodDecorator<V, K, VOut, KOut>;
export function StreamHandler(options: object): (target: object, method: string | symbol) => void {
  return (target, method) => {
    const isStatic = typeof target === 'function';
    annotateMember(target, { kind: 'handler', method, options: options as StreamHandlerOptions, isStatic });
  };
}
