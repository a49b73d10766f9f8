import { styleText } from 'node:util';
import type { DestinationStream } from 'pino';

type Style = 'gray' | 'green' | 'yellow' | 'red';

const STYLES: Readonly<Record<string, Style>> = { info: 'green', warn: 'yellow', error: 'red', fatal: 'red' };

/**
 * Rewrites pino's JSON lines for reading: `12:00:03.250 INFO  message  field=value`, the stack of an error below it.
 * pino-pretty does this and much more; these lines save the dependency.
 */
export class TextLogStream implements DestinationStream {
  constructor(
    private readonly destination: DestinationStream,
    private readonly options: { readonly hasColors: boolean },
  ) {}

  write(line: string): void {
    this.destination.write(this.format(line));
  }

  private format(line: string): string {
    let entry: Record<string, unknown>;
    try {
      entry = JSON.parse(line) as Record<string, unknown>;
    } catch {
      return line;
    }
    const { time, level, msg, err, error, ...fields } = entry;
    const clock = typeof time === 'string' ? time.slice(11, 23) : '';
    const word = String(level).toUpperCase().padEnd(5);
    const rest = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`);
    const head = [
      this.style('gray', clock),
      this.style(STYLES[String(level)] ?? 'gray', word),
      typeof msg === 'string' ? msg : '',
      ...(rest.length === 0 ? [] : [this.style('gray', rest.join(' '))]),
    ].join(' ');
    const failures = [err, error]
      .filter((value) => value !== undefined)
      .map((value) => `\n${indent(errorText(value))}`);
    return `${head}${failures.join('')}\n`;
  }

  private style(style: Style, text: string): string {
    return this.options.hasColors ? styleText(style, text) : text;
  }
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

/** pino has turned the error into `{ type, message, stack, ... }`; another value stays what it was. */
function errorText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string') {
    return value.stack;
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
