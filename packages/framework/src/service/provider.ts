import type { ContainerModule, Newable, ServiceIdentifier } from 'inversify';

/** A token bound to a value that exists already. */
export interface ValueProvider<T = unknown> {
  readonly provide: ServiceIdentifier<T>;
  readonly useValue: T;
}

/** A token bound to a class; one instance per process. */
export interface ClassProvider<T = unknown> {
  readonly provide: ServiceIdentifier<T>;
  readonly useClass: Newable<T>;
}

/** A token bound to what a function returns or resolves to; called once per process, before the service is created. */
export interface FactoryProvider<T = unknown> {
  readonly provide: ServiceIdentifier<T>;
  readonly useFactory: (...dependencies: never[]) => T | Promise<T>;
  /** Tokens of the function's arguments, in order. @default none */
  readonly inject?: readonly ServiceIdentifier[];
}

/**
 * What a service's constructor may ask for with `@inject(TOKEN)`: a class (its own token), a token with a value, class
 * or function, or a module of inversify for everything else. A later provider of a token replaces an earlier one.
 */
export type Provider = Newable<unknown> | ValueProvider | ClassProvider | FactoryProvider | ContainerModule;
