import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../dist/index.js';
import { readEnvironment } from '../../dist/service/environment.js';

describe('readEnvironment', () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-environment-'));
  });

  after(() => rmSync(directory, { recursive: true }));

  function file(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  }

  it('should find nothing in an empty environment', () => {
    assert.deepEqual(readEnvironment({ PATH: '/bin', KAFKA_BOOTSTRAP_SERVERS: '' }), { kafka: {} });
  });

  it('should read address, identity, workers and the place of state', () => {
    assert.deepEqual(
      readEnvironment({
        KAFKA_BOOTSTRAP_SERVERS: 'a:9092,b:9092',
        KAFKA_CLIENT_ID: 'etl',
        KAFKA_CLIENT_RACK: 'zone-1',
        KAFKA_FETCHER: 'addon',
        MILLRACE_APPLICATION_ID: 'flights-staging',
        MILLRACE_GROUP_INSTANCE_ID: 'pod-3',
        MILLRACE_WORKERS: '4',
        MILLRACE_STATE_DIR: '/var/lib/flights',
      }),
      {
        applicationId: 'flights-staging',
        groupInstanceId: 'pod-3',
        workers: 4,
        stateDir: '/var/lib/flights',
        kafka: { bootstrapServers: 'a:9092,b:9092', clientId: 'etl', rack: 'zone-1', fetcher: 'addon' },
      },
    );
  });

  it('should read TLS and SASL settings, secrets from files too', () => {
    const { kafka } = readEnvironment({
      KAFKA_SECURITY_PROTOCOL: 'sasl_ssl',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'etl',
      KAFKA_SASL_PASSWORD_FILE: file('password', 'se cret\n'),
      KAFKA_SSL_CA_FILE: file('ca.pem', 'CA\n'),
      KAFKA_SSL_CERT_FILE: file('cert.pem', 'CERT\n'),
      KAFKA_SSL_KEY_FILE: file('key.pem', 'KEY\n'),
      KAFKA_SSL_KEY_PASSPHRASE: 'phrase',
      KAFKA_SSL_VERIFY_HOSTNAME: 'false',
    });
    assert.deepEqual(kafka, {
      tls: { ca: 'CA\n', cert: 'CERT\n', key: 'KEY\n', passphrase: 'phrase', verifyHostname: false },
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'etl', password: 'se cret' },
    });
  });

  it('should use TLS without further settings for the protocol SSL, and none for PLAINTEXT', () => {
    assert.deepEqual(readEnvironment({ KAFKA_SECURITY_PROTOCOL: 'SSL' }).kafka, { tls: true });
    assert.deepEqual(readEnvironment({ KAFKA_SECURITY_PROTOCOL: 'PLAINTEXT' }).kafka, { tls: false });
  });

  it('should infer the protocol from what is set', () => {
    const login = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
    assert.deepEqual(readEnvironment(login).kafka, { sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } });
  });

  const wrong: readonly [Record<string, string>, string, RegExp][] = [
    [{ MILLRACE_WORKERS: 'two' }, 'INVALID_OPTION', /MILLRACE_WORKERS is 'two', but must be a whole number/],
    [{ MILLRACE_WORKERS: '0' }, 'INVALID_OPTION', /MILLRACE_WORKERS/],
    [{ KAFKA_SECURITY_PROTOCOL: 'TLS' }, 'INVALID_OPTION', /must be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL/],
    [{ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' }, 'MISSING_OPTION', /KAFKA_SASL_USERNAME is missing/],
    [{ KAFKA_SASL_USERNAME: 'u' }, 'MISSING_OPTION', /KAFKA_SASL_PASSWORD is missing: KAFKA_SASL_USERNAME is set/],
    [
      { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p', KAFKA_SASL_MECHANISM: 'GSSAPI' },
      'INVALID_OPTION',
      /KAFKA_SASL_MECHANISM is 'GSSAPI'/,
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' },
      'INVALID_OPTION',
      /is SSL, but KAFKA_SASL_USERNAME is set/,
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: 'PLAINTEXT', KAFKA_SSL_VERIFY_HOSTNAME: 'true' },
      'INVALID_OPTION',
      /is PLAINTEXT, but a KAFKA_SSL_\.\.\. variable is set/,
    ],
    [{ KAFKA_SSL_CA_FILE: '/does/not/exist.pem' }, 'INVALID_OPTION', /KAFKA_SSL_CA_FILE.*\/does\/not\/exist\.pem/],
  ];
  for (const [env, code, message] of wrong) {
    it(`should refuse ${Object.entries(env).join(' ')}`, () => {
      assert.throws(
        () => readEnvironment(env),
        (error) => error instanceof ConfigError && error.code === code && message.test(error.message),
      );
    });
  }
});
