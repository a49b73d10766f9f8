import { ConfigError } from '../errors/errors.js';
import type { StreamsOptions } from './options.js';

type HandlerName = 'deserializationHandler' | 'processingHandler' | 'productionHandler';
type Handlers = Required<Pick<StreamsOptions, HandlerName>>;

/**
 * The handlers of failed records, with the default `fail` and with their answers checked: a forgotten `return`, a
 * misspelt answer or a promise must not drop a record. What they return throws `ConfigError` INVALID_OPTION then.
 */
export function checkedHandlers(given: Pick<StreamsOptions, HandlerName>): Handlers {
  const fail = (): 'fail' => 'fail';
  const answers = ['fail', 'continue', 'dead-letter'] as const;
  const retryable = [...answers, 'retry'] as const;
  return {
    deserializationHandler: checked('deserializationHandler', answers, given.deserializationHandler ?? fail),
    processingHandler: checked('processingHandler', retryable, given.processingHandler ?? fail),
    productionHandler: checked('productionHandler', retryable, given.productionHandler ?? fail),
  };
}

function checked<Args extends readonly unknown[], Answer extends string>(
  name: HandlerName,
  answers: readonly Answer[],
  handler: (...args: Args) => Answer,
): (...args: Args) => Answer {
  return (...args) => {
    const answer = handler(...args);
    if (answers.includes(answer)) return answer;
    const given = typeof answer === 'string' ? `'${String(answer)}'` : typeof answer;
    throw new ConfigError(
      'INVALID_OPTION',
      `The ${name} answered ${given}, but must answer one of ${answers.map((known) => `'${known}'`).join(', ')}.`,
    );
  };
}
