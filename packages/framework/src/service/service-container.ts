import { Container, ContainerModule, type Newable, type ServiceIdentifier } from 'inversify';
import { ConfigError, TopologyError } from '../errors/errors.js';
import { messageOf } from './failure-report.js';
import type { Provider } from './provider.js';

/**
 * Builds the container of a service: everything is a singleton of the process. A later provider of a token replaces an
 * earlier one, so that `runService(Class, { providers })` can replace what the decorator provides.
 *
 * @throws ConfigError `INVALID_OPTION` if a provider has no known form
 */
export async function buildContainer(providers: readonly Provider[]): Promise<Container> {
  const container = new Container({ defaultScope: 'Singleton' });
  for (const provider of providers) {
    if (provider instanceof ContainerModule) await container.loadAsync(provider);
    else bindProvider(container, provider);
  }
  return container;
}

/**
 * Creates the service, with all that it injects, asynchronous factories included.
 *
 * @throws TopologyError `INVALID_SERVICE` if something that it injects is not provided
 */
export async function instantiate<T extends object>(container: Container, service: Newable<T>): Promise<T> {
  bindTo(container, service).toSelf();
  try {
    return await container.getAsync(service);
  } catch (error) {
    if (!isWiringError(error)) throw error;
    throw new TopologyError(
      'INVALID_SERVICE',
      `Cannot create ${service.name}: ${messageOf(error)}. Each constructor parameter needs @inject(TOKEN), and each ` +
        "token a provider in @StreamService's 'providers'.",
      { cause: error },
    );
  }
}

function bindProvider(container: Container, provider: Exclude<Provider, ContainerModule>): void {
  if (typeof provider === 'function') {
    bindTo(container, provider).toSelf();
  } else if (typeof provider !== 'object' || provider === null || !('provide' in provider)) {
    throw invalidProvider(`it is ${provider === null ? 'null' : typeof provider}, without 'provide'`);
  } else if ('useValue' in provider) {
    bindTo(container, provider.provide).toConstantValue(provider.useValue);
  } else if ('useClass' in provider) {
    bindTo(container, provider.provide).to(provider.useClass);
  } else if ('useFactory' in provider) {
    const create = provider.useFactory as (...dependencies: unknown[]) => unknown;
    bindTo(container, provider.provide).toResolvedValue(create, [...(provider.inject ?? [])]);
  } else {
    throw invalidProvider(`the one of ${String(tokenName(provider['provide'] as ServiceIdentifier))} has none of them`);
  }
}

function bindTo<T>(container: Container, token: ServiceIdentifier<T>): ReturnType<typeof container.bind<T>> {
  if (container.isBound(token)) container.unbind(token);
  return container.bind<T>(token);
}

function invalidProvider(what: string): ConfigError {
  return new ConfigError(
    'INVALID_OPTION',
    `A provider must be a class, an inversify module, or have 'provide' and one of 'useValue', 'useClass' and ` +
      `'useFactory', but ${what}.`,
  );
}

function tokenName(token: ServiceIdentifier): string {
  return typeof token === 'function' ? token.name : String(token);
}

// inversify does not export its error class; this is the brand that it checks itself.
const WIRING_ERROR = Symbol.for('@inversifyjs/core/InversifyCoreError');

function isWiringError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && WIRING_ERROR in error;
}
