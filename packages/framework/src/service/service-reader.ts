import { checkHandlerOptions, checkSharedTopics } from './check-handler-options.js';
import type { StreamsBuilder } from '../dsl/streams-builder.js';
import { TopologyError } from '../errors/errors.js';
import { serdes } from '../serde/serdes.js';
import { HandlerProcessor } from './handler-processor.js';
import { ownMetadata, type ServiceClass, type ServiceMember } from './service-metadata.js';
import type { HandlerMethod, StreamHandlerOptions } from './stream-handler-options.js';
import type { StreamServiceOptions } from './stream-service-options.js';

/** What the decorators of a class say, base classes included. */
export interface ServiceDefinition {
  readonly className: string;
  readonly options: StreamServiceOptions;
  /** Base classes first, then in the order of the source. A redefined member stands where it was first declared. */
  readonly members: readonly ServiceMember[];
}

/**
 * Reads a decorated class.
 *
 * @throws TopologyError `INVALID_SERVICE` if it is no service, or a decorator stands where it cannot
 */
export function readService(service: ServiceClass): ServiceDefinition {
  const className = service.name;
  const members = new Map<string | symbol, ServiceMember>();
  let options: StreamServiceOptions | undefined;
  for (const metadata of lineage(service).map(ownMetadata)) {
    options = metadata?.options ?? options;
    for (const member of metadata?.members ?? []) members.set(member.method, checkMember(className, member, members));
  }
  if (options === undefined) throw invalid(className, 'it has no @StreamService decorator');
  if (members.size === 0) throw invalid(className, 'it has neither a @Topology nor a @StreamHandler method');
  checkSharedTopics(
    [...members.values()]
      .filter((member) => member.kind === 'handler')
      .map((member) => ({ place: `${className}.${String(member.method)}`, options: member.options })),
  );
  return { className, options, members: [...members.values()] };
}

/**
 * Makes the builder calls that the decorators stand for, in the order of the members: `@Topology` methods are called
 * with the builder; a `@StreamHandler` becomes `stream(from).process(handler).to(to)`.
 */
export function declareTopology(definition: ServiceDefinition, service: object, builder: StreamsBuilder): void {
  for (const member of definition.members) {
    const method = methodOf(definition.className, service, member.method);
    if (member.kind === 'topology') declareWithMethod(definition.className, member.method, method, builder);
    else declareHandler(String(nameOf(member)), member.options, method as HandlerMethod, builder);
  }
}

function declareWithMethod(
  className: string,
  name: string | symbol,
  method: (builder: StreamsBuilder) => unknown,
  builder: StreamsBuilder,
): void {
  if (method(builder) instanceof Promise) {
    throw invalid(className, `its @Topology method ${String(name)} is async; load what it needs in a provider instead`);
  }
}

function declareHandler(
  name: string,
  options: StreamHandlerOptions,
  handler: HandlerMethod,
  builder: StreamsBuilder,
): void {
  const { from, to, valueSerde, keySerde = serdes.bytes, timestampExtractor, offsetReset, partitioner } = options;
  const results = builder
    .stream<unknown, unknown>(from, { name: `${name}-source`, keySerde, valueSerde, timestampExtractor, offsetReset })
    .process<unknown, unknown>(() => new HandlerProcessor(handler, to !== undefined), { name });
  if (to === undefined) return;
  results.to(to, {
    name: `${name}-sink`,
    keySerde: options.outKeySerde ?? keySerde,
    valueSerde: options.outValueSerde ?? valueSerde,
    partitioner,
  });
}

function nameOf(member: ServiceMember & { readonly kind: 'handler' }): string {
  const { method, options } = member;
  return options.name ?? (typeof method === 'symbol' ? (method.description ?? 'handler') : method);
}

/** The instance's method, bound to it. A subclass may have overridden it without decorating it again. */
function methodOf(className: string, service: object, name: string | symbol): (...args: unknown[]) => unknown {
  const method: unknown = Reflect.get(service, name);
  if (typeof method !== 'function') throw invalid(className, `its decorated member ${String(name)} is not a method`);
  return (method as (...args: unknown[]) => unknown).bind(service);
}

function checkMember(
  className: string,
  member: ServiceMember,
  members: ReadonlyMap<string | symbol, ServiceMember>,
): ServiceMember {
  const name = String(member.method);
  if (member.isStatic) throw invalid(className, `its decorated method ${name} is static; decorate an instance method`);
  if ((members.get(member.method)?.kind ?? member.kind) !== member.kind) {
    throw invalid(className, `its method ${name} is both a @Topology and a @StreamHandler; make two methods of it`);
  }
  if (member.kind === 'handler') checkHandlerOptions(`${className}.${name}`, member.options);
  return member;
}

function invalid(className: string, reason: string): TopologyError {
  return new TopologyError('INVALID_SERVICE', `${className} cannot be run as a service: ${reason}.`);
}

/** The class and its base classes, base first. */
function lineage(service: object): object[] {
  const classes: object[] = [];
  for (let type: unknown = service; typeof type === 'function' && type !== Function.prototype;) {
    classes.unshift(type);
    type = Object.getPrototypeOf(type);
  }
  return classes;
}
