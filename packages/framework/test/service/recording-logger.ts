import type { Logger } from '../../dist/telemetry/logger.js';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Keeps what is logged, through its children too. */
export class RecordingLogger implements Logger {
  constructor(
    readonly lines: LogLine[] = [],
    private readonly bound: Readonly<Record<string, unknown>> = {},
  ) {}

  debug(fields: object, message: string): void {
    this.add('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.add('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.add('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.add('error', fields, message);
  }

  child(fields: Record<string, unknown>): Logger {
    return new RecordingLogger(this.lines, { ...this.bound, ...fields });
  }

  has(level: LogLine['level'], message: RegExp): boolean {
    return this.lines.some((line) => line.level === level && message.test(line.message));
  }

  private add(level: LogLine['level'], fields: object, message: string): void {
    this.lines.push({ level, fields: { ...this.bound, ...fields }, message });
  }
}
