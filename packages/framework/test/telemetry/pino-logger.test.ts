import assert from 'node:assert/strict';
import { ConfigError } from '../../dist/errors/errors.js';
import { createPinoLogger, type PinoLoggerOptions } from '../../dist/telemetry/pino-logger.js';
import type { Logger } from '../../dist/telemetry/logger.js';

function capture(options: PinoLoggerOptions): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { logger: createPinoLogger({ env: {}, ...options, destination }), lines };
}

describe('createPinoLogger', () => {
  it('should write JSON lines with ISO time and level as a word', () => {
    const { logger, lines } = capture({ fields: { app: 'etl' } });
    logger.child({ task: '0_1' }).info({ records: 3 }, 'committed');
    assert.equal(lines.length, 1);
    const { time, ...entry } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.deepEqual(entry, { level: 'info', app: 'etl', task: '0_1', records: 3, msg: 'committed' });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('should write errors with code and stack under either field name', () => {
    for (const field of ['err', 'error']) {
      const { logger, lines } = capture({});
      logger.error({ [field]: new ConfigError('UNKNOWN_OPTION', 'no such option') }, 'stopped');
      const entry = JSON.parse(lines[0] ?? '') as Record<string, Record<string, unknown>>;
      assert.equal(entry[field]?.['code'], 'UNKNOWN_OPTION');
      assert.match(String(entry[field]?.['stack']), /no such option\n\s+at /);
    }
  });

  it('should take the level from the option, else from LOG_LEVEL, else info', () => {
    const written = (options: PinoLoggerOptions): string[] => {
      const { logger, lines } = capture(options);
      logger.debug({}, 'debug');
      logger.info({}, 'info');
      logger.warn({}, 'warn');
      return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    };
    assert.deepEqual(written({}), ['info', 'warn']);
    assert.deepEqual(written({ env: { LOG_LEVEL: 'DEBUG' } }), ['debug', 'info', 'warn']);
    assert.deepEqual(written({ env: { LOG_LEVEL: 'debug' }, level: 'warn' }), ['warn']);
    assert.deepEqual(written({ env: { LOG_LEVEL: 'silent' } }), []);
  });

  it('should refuse an unknown LOG_LEVEL or LOG_FORMAT', () => {
    for (const env of [{ LOG_LEVEL: 'loud' }, { LOG_FORMAT: 'xml' }]) {
      assert.throws(
        () => createPinoLogger({ env }),
        (error) => error instanceof ConfigError && error.code === 'INVALID_OPTION' && /one of/.test(error.message),
      );
    }
  });

  it('should write readable text when asked for it', () => {
    const { logger, lines } = capture({ env: { LOG_FORMAT: 'text' } });
    logger.warn({ topic: 'flights', note: 'two words' }, 'Record dropped');
    logger.error({ error: new TypeError('boom') }, 'Stopped');
    assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} WARN {2}Record dropped topic=flights note="two words"\n$/);
    assert.match(lines[1] ?? '', /ERROR Stopped\n {4}TypeError: boom\n {8}at /);
  });
});
