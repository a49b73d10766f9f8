import { pino, stdSerializers, type DestinationStream } from 'pino';
import { ConfigError } from '../errors/errors.js';
import type { Logger } from './logger.js';
import { TextLogStream } from './text-log-stream.js';

/** From most to least; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `json`: one JSON object a line, for containers. `text`: for people at a terminal. */
export type LogFormat = 'json' | 'text';

export interface PinoLoggerOptions {
  /** @default the environment's `LOG_LEVEL`, else 'info' */
  readonly level?: LogLevel;
  /** @default the environment's `LOG_FORMAT`; else 'text' if standard error is a terminal, 'json' if not */
  readonly format?: LogFormat;
  /** Fields of every line. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Where lines go. @default standard error, written synchronously so that nothing is lost at exit */
  readonly destination?: DestinationStream;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The logger that Millrace uses unless it is given another one. Times are ISO 8601 in UTC; levels are words; an `error`
 * or `err` field is written with type, code, message and stack.
 *
 * @throws ConfigError `INVALID_OPTION` if `LOG_LEVEL` or `LOG_FORMAT` has no known value
 */
export function createPinoLogger(options: PinoLoggerOptions = {}): Logger {
  const env = options.env ?? process.env;
  const level = options.level ?? choice(env, 'LOG_LEVEL', LOG_LEVELS) ?? 'info';
  const format =
    options.format ??
    choice(env, 'LOG_FORMAT', ['json', 'text'] as const) ??
    (options.destination === undefined && process.stderr.isTTY ? 'text' : 'json');
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true });
  return pino(
    {
      level,
      base: options.fields === undefined ? null : { ...options.fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
    },
    format === 'text'
      ? new TextLogStream(destination, { hasColors: options.destination === undefined && process.stderr.isTTY })
      : destination,
  );
}

function choice<T extends string>(env: NodeJS.ProcessEnv, name: string, allowed: readonly T[]): T | undefined {
  const text = env[name]?.toLowerCase();
  if (text === undefined || text === '') return undefined;
  const found = allowed.find((value) => value === text);
  if (found === undefined) {
    throw new ConfigError(
      'INVALID_OPTION',
      `The environment variable ${name} is '${env[name]}'; set it to one of ${allowed.join(', ')}, or unset it`,
    );
  }
  return found;
}
