import type { Logger } from '../../dist/telemetry/logger.js';
import type { VirtualClock } from '../../dist/time/virtual-clock.js';

/** What happened in a history, line by line, with the virtual time in ms. Costs nothing unless it is asked for. */
export class TraceLog {
  readonly lines: string[] = [];

  constructor(
    private readonly isOn: boolean,
    private readonly clock: VirtualClock,
  ) {}

  readonly add = (line: () => string): void => {
    if (this.isOn) this.lines.push(`${String(this.clock.monotonicMs()).padStart(7)} ${line()}`);
  };

  /** A logger whose lines become part of the trace. */
  logger(name: string): Logger {
    const log =
      (level: string) =>
      (fields: object, message: string): void => {
        this.add(() => `${name} [${level}] ${message}${causeOf(fields)}`);
      };
    return {
      debug: () => undefined,
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
      child: () => this.logger(name),
    };
  }
}

function causeOf(fields: object): string {
  if (!('err' in fields) || !(fields.err instanceof Error)) return '';
  const { err } = fields;
  return ` <- ${err.name} ${
    err.stack
      ?.split('\n')
      .slice(1, 4)
      .map((line) => line.trim())
      .join(' ') ?? ''
  }`;
}
