import assert from 'node:assert/strict';
import { ADDON_FEATURES } from '../../../dist/client/confluent/addon.js';
import { connectionConfig } from '../../../dist/client/confluent/connection-config.js';
import { kafkaClients } from '../../../dist/client/kafka-clients.js';
import type { Logger } from '../../../dist/telemetry/logger.js';
import { ConfigError } from '../../../dist/errors/errors.js';

const bootstrapServers = 'broker:9092';
const kerberos = {
  bootstrapServers,
  tls: true,
  sasl: { mechanism: 'GSSAPI', principal: 'orders@EXAMPLE.COM', keytab: '/etc/orders.keytab', kinitCommand: '' },
} as const;

describe('connectionConfig', () => {
  it('should hand on user and password', () => {
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'user', password: 'secret' } as const;
    const config = connectionConfig({ bootstrapServers, sasl }, undefined);
    assert.equal(config['security.protocol'], 'sasl_plaintext');
    assert.equal(config['sasl.mechanisms'], 'SCRAM-SHA-512');
    assert.equal(config['sasl.username'], 'user');
    assert.equal(config['sasl.password'], 'secret');
  });

  it('should hand on the Kerberos settings, or say that this addon has no Kerberos', () => {
    if (ADDON_FEATURES.includes('sasl_gssapi')) {
      const config = connectionConfig(kerberos, undefined);
      assert.equal(config['security.protocol'], 'sasl_ssl');
      assert.equal(config['sasl.mechanisms'], 'GSSAPI');
      assert.equal(config['sasl.kerberos.service.name'], 'kafka');
      assert.equal(config['sasl.kerberos.principal'], 'orders@EXAMPLE.COM');
      assert.equal(config['sasl.kerberos.keytab'], '/etc/orders.keytab');
      assert.equal(config['sasl.kerberos.kinit.cmd'], '');
    } else {
      assert.throws(
        () => connectionConfig(kerberos, undefined),
        (error) => error instanceof ConfigError && /has no Kerberos/.test(error.message),
      );
    }
  });

  it('should read through the addon with Kerberos, and log one line about it', function () {
    const lines: string[] = [];
    const ignore = (): void => undefined;
    const logger: Logger = {
      debug: ignore,
      info: ignore,
      error: ignore,
      warn: (_fields, message) => lines.push(message),
      child: () => logger,
    };
    if (!ADDON_FEATURES.includes('sasl_gssapi')) {
      assert.throws(() => kafkaClients(kerberos, { logger }), ConfigError);
      return;
    }
    const clients = kafkaClients(kerberos, { logger });
    const names = [0, 1].map(() => clients.fetcher({ isolationLevel: 'read_committed' }).constructor.name);
    assert.deepEqual(names, ['ConfluentFetcher', 'ConfluentFetcher']);
    assert.deepEqual(lines, [
      'Records are read through the Kafka addon, which is slower: sasl.mechanism is GSSAPI (Kerberos), which only the addon can do.',
    ]);
    kafkaClients({ ...kerberos, fetcher: 'addon' }, { logger });
    assert.equal(lines.length, 1, 'nothing to say where the addon was asked for');
  });
});
