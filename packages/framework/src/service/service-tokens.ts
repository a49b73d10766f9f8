import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import type { ServiceIdentifier } from 'inversify';

/** Injects the service's logger. */
export const SERVICE_LOGGER: ServiceIdentifier<Logger> = Symbol.for('millrace.service.logger');

/** Injects the runtime's clock. */
export const SERVICE_CLOCK: ServiceIdentifier<Clock> = Symbol.for('millrace.service.clock');
