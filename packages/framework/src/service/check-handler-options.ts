import { ConfigError, TopologyError } from '../errors/errors.js';
import { checkOptionNames, OPTION_NAMES } from './option-names.js';
import type { StreamHandlerOptions } from './stream-handler-options.js';

/**
 * Checks the options of one `@StreamHandler`; what the builder checks is left to it.
 *
 * @param place the decorated method, e.g. `FlightsEtl.toDelay`
 * @throws ConfigError if an option is unknown, missing or of a wrong type
 */
export function checkHandlerOptions(place: string, options: StreamHandlerOptions): void {
  const decorator = `@StreamHandler of ${place}`;
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError('MISSING_OPTION', `${decorator} has no options. It needs at least 'from' and 'valueSerde'.`);
  }
  checkOptionNames(options, OPTION_NAMES.handler, decorator);
  for (const name of ['from', 'valueSerde'] as const) {
    if (options[name] === undefined) throw new ConfigError('MISSING_OPTION', `${decorator} has no '${name}'.`);
  }
  if (options.from === '' || (Array.isArray(options.from) && options.from.length === 0)) {
    throw new ConfigError('INVALID_OPTION', `The option 'from' of ${decorator} names no topic.`);
  }
  for (const name of ['keySerde', 'valueSerde', 'outKeySerde', 'outValueSerde'] as const) {
    const serde: unknown = options[name];
    if (serde !== undefined && !isSerde(serde)) {
      throw new ConfigError(
        'INVALID_OPTION',
        `The option '${name}' of ${decorator} is no serde: it has no serialize and deserialize methods. ` +
          'Serdes with options are functions: write serdes.json(), not serdes.json.',
      );
    }
  }
}

/** A handler and where it is declared, e.g. `FlightsEtl.toDelay`. */
export interface DeclaredHandler {
  readonly place: string;
  readonly options: StreamHandlerOptions;
}

/**
 * A topic is read once, however many handlers it has: the first one's serdes would silently read for the others, too.
 *
 * @throws TopologyError `INVALID_SERVICE` if handlers of one topic read it in different ways
 */
export function checkSharedTopics(handlers: readonly DeclaredHandler[]): void {
  const readers = new Map<string, DeclaredHandler>();
  for (const handler of handlers) {
    for (const topic of topicsOf(handler.options)) {
      const first = readers.get(topic) ?? handler;
      readers.set(topic, first);
      const differing = (['valueSerde', 'keySerde', 'timestampExtractor'] as const).find(
        (name) => first.options[name] !== handler.options[name],
      );
      if (differing === undefined) continue;
      throw new TopologyError(
        'INVALID_SERVICE',
        `${first.place} and ${handler.place} read '${topic}' with different ${differing}s, but a topic is read once. ` +
          'Give both the same object, e.g. a constant.',
      );
    }
  }
}

function topicsOf({ from }: StreamHandlerOptions): readonly string[] {
  if (from instanceof RegExp) return [String(from)];
  return typeof from === 'string' ? [from] : from;
}

function isSerde(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'serialize' in value &&
    typeof value.serialize === 'function' &&
    'deserialize' in value &&
    typeof value.deserialize === 'function'
  );
}
