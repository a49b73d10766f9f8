import type { StreamHandlerOptions } from './stream-handler-options.js';
import type { StreamServiceOptions } from './stream-service-options.js';

/** A class as decorators see it. */
export type ServiceClass<T extends object = object> = abstract new (...args: never[]) => T;

/** What a member decorator recorded. */
export type ServiceMember = {
  readonly method: string | symbol;
  /** Decorated on the class instead of its instances: a mistake that the reader reports. */
  readonly isStatic: boolean;
} & ({ readonly kind: 'topology' } | { readonly kind: 'handler'; readonly options: StreamHandlerOptions });

/** What the decorators of one class recorded, in the order in which they stand in the class. */
export interface ServiceMetadata {
  options?: StreamServiceOptions;
  readonly members: ServiceMember[];
}

// An own property of the class, under a registered symbol: it survives two copies of this package in one process.
const METADATA = Symbol.for('millrace.service');

interface Annotated {
  [METADATA]?: ServiceMetadata;
}

/** The class's own metadata, created if it has none. */
export function annotate(target: object): ServiceMetadata {
  const existing = ownMetadata(target);
  if (existing !== undefined) return existing;
  const metadata: ServiceMetadata = { members: [] };
  Object.defineProperty(target, METADATA, { value: metadata });
  return metadata;
}

/** The class's own metadata, without what its base classes have. */
export function ownMetadata(target: object): ServiceMetadata | undefined {
  return Object.hasOwn(target, METADATA) ? (target as Annotated)[METADATA] : undefined;
}

/** Records a decorated member. @param target what a method decorator gets: the prototype, or the class if it is static */
export function annotateMember(target: object, member: ServiceMember): void {
  annotate(member.isStatic ? target : target.constructor).members.push(member);
}
