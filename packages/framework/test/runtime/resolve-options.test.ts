import assert from 'node:assert/strict';
import { ConfigError, ProcessingError, SerdeError } from '../../dist/errors/errors.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { resolveOptions } from '../../dist/runtime/resolve-options.js';

const least: StreamsOptions = { applicationId: 'app', kafka: { bootstrapServers: '127.0.0.1:1' } };

function refused(options: object, code: string, message: RegExp): void {
  assert.throws(
    () => resolveOptions(options as StreamsOptions),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe('resolveOptions', () => {
  it('should fill in the defaults of Kafka Streams and freeze', () => {
    const resolved = resolveOptions(least);
    assert.equal(resolved.commitIntervalMs, 30_000);
    assert.equal(resolved.pollMs, 100);
    assert.equal(resolved.maxPollRecords, 1000);
    assert.equal(resolved.bufferedRecordsPerPartition, 1000);
    assert.equal(resolved.maxTaskIdleMs, 0);
    assert.equal(resolved.offsetReset, 'earliest');
    assert.equal(resolved.taskTimeoutMs, 300_000);
    assert.ok(Object.isFrozen(resolved));
  });

  it('should refuse an unknown option and say which was meant', () => {
    refused({ ...least, comitIntervalMs: 5 }, 'UNKNOWN_OPTION', /'comitIntervalMs'.*Did you mean 'commitIntervalMs'/);
    refused({ ...least, zzzzzzzzzzzz: 5 }, 'UNKNOWN_OPTION', /Known options: applicationId/);
    refused({ ...least, toString: 5 }, 'UNKNOWN_OPTION', /'toString'/);
  });

  it('should refuse values of a wrong type or range', () => {
    refused({ ...least, commitIntervalMs: '5' }, 'INVALID_OPTION', /'commitIntervalMs' must be a whole number.*is '5'/);
    refused({ ...least, commitIntervalMs: -1 }, 'INVALID_OPTION', /at least 0/);
    refused({ ...least, maxTaskIdleMs: -2 }, 'INVALID_OPTION', /at least -1/);
    refused({ ...least, offsetReset: 'begin' }, 'INVALID_OPTION', /'earliest', 'latest', 'none'/);
    refused(
      { ...least, transactionTimeoutMs: 999 },
      'INVALID_OPTION',
      /'transactionTimeoutMs'.*from 1000 to 2147483647.*is 999/,
    );
    refused({ ...least, transactionTimeoutMs: 2 ** 31 }, 'INVALID_OPTION', /'transactionTimeoutMs'/);
    refused({ ...least, replicationFactor: 0 }, 'INVALID_OPTION', /at least 1, or -1/);
    refused({ ...least, applicationId: 'a b' }, 'INVALID_OPTION', /'applicationId' must be/);
    refused({ ...least, processingHandler: 'fail' }, 'INVALID_OPTION', /a function/);
  });

  it('should name a missing option', () => {
    refused({ kafka: least.kafka }, 'MISSING_OPTION', /'applicationId'/);
    refused({ applicationId: 'a' }, 'MISSING_OPTION', /'kafka'/);
  });

  it('should refuse unknown, wrong and missing options inside kafka, producer and stateFlush', () => {
    const kafka = { bootstrapServers: '127.0.0.1:1' };
    const sasl = { mechanism: 'PLAIN', username: 'u', password: 'p' };
    refused({ ...least, kafka: {} }, 'MISSING_OPTION', /'kafka\.bootstrapServers' is missing/);
    refused({ ...least, kafka: { bootstrapServers: [] } }, 'INVALID_OPTION', /'kafka\.bootstrapServers'.*host:port/);
    refused({ ...least, kafka: { ...kafka, ssl: true } }, 'UNKNOWN_OPTION', /'kafka\.ssl'/);
    refused({ ...least, kafka: { ...kafka, tls: { cacert: 'x' } } }, 'UNKNOWN_OPTION', /'kafka\.tls\.cacert'/);
    refused({ ...least, kafka: { ...kafka, tls: 'yes' } }, 'INVALID_OPTION', /'kafka\.tls' must be true, false or/);
    refused(
      { ...least, kafka: { ...kafka, sasl: { ...sasl, mechanism: 'KERBEROS' } } },
      'INVALID_OPTION',
      /SCRAM-SHA-256/,
    );
    const kerberos = { mechanism: 'GSSAPI', keytab: '/etc/orders.keytab' };
    resolveOptions({ ...least, kafka: { ...kafka, sasl: kerberos } } as StreamsOptions);
    refused(
      { ...least, kafka: { ...kafka, sasl: { ...kerberos, password: 'p' } } },
      'UNKNOWN_OPTION',
      /'kafka\.sasl\.password'/,
    );
    const oauth = { mechanism: 'OAUTHBEARER' };
    refused({ ...least, kafka: { ...kafka, sasl: oauth } }, 'MISSING_OPTION', /'kafka\.sasl\.token'/);
    refused(
      { ...least, kafka: { ...kafka, sasl: { ...oauth, token: 'x' } } },
      'INVALID_OPTION',
      /'kafka\.sasl\.token' must be a function/,
    );
    refused(
      { ...least, kafka: { ...kafka, sasl: { ...sasl, userName: 'u' } } },
      'UNKNOWN_OPTION',
      /'kafka\.sasl\.userName'.*'kafka\.sasl\.username'/,
    );
    refused({ ...least, producer: { linger: 5 } }, 'UNKNOWN_OPTION', /Did you mean 'producer\.lingerMs'/);
    refused({ ...least, producer: { compression: 'brotli' } }, 'INVALID_OPTION', /'zstd', but is 'brotli'/);
    refused({ ...least, stateFlush: { flushMs: 5 } }, 'UNKNOWN_OPTION', /'stateFlush\.flushMs'.*flushIntervalMs/);
    refused({ ...least, stateFlush: { flushBytes: -1 } }, 'INVALID_OPTION', /at least 0, but is -1/);
    assert.ok(resolveOptions({ ...least, kafka: { ...kafka, tls: true }, producer: { compression: 'lz4' } }));
  });

  it('should refuse answers of handlers that are none, so that no record is dropped by mistake', () => {
    const error = new SerdeError('DESERIALIZATION_FAILED', 'bad');
    const record = { topic: 't', partition: 0, offset: 0, key: null, value: null, timestamp: 0, headers: [] };
    for (const answer of ['ignore', undefined, Promise.resolve('fail'), 'retry']) {
      const { deserializationHandler } = resolveOptions({
        ...least,
        deserializationHandler: () => answer as 'continue',
      });
      assert.throws(() => deserializationHandler(error, record), /deserializationHandler answered .*'dead-letter'/);
    }
    const { processingHandler } = resolveOptions({ ...least, processingHandler: () => 'retry' });
    assert.equal(processingHandler(new ProcessingError('bad'), undefined, 1), 'retry');
  });
});
