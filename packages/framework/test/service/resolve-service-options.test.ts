import assert from 'node:assert/strict';
import { ConfigError, serdes, type KafkaClientFactory, type ServiceOverrides } from '../../dist/index.js';
import { resolveServiceOptions, type ServiceOptionSources } from '../../dist/service/resolve-service-options.js';

const servers = { bootstrapServers: 'code:9092' };

/** Stands for a client factory; nothing is opened here. */
const factory = { membership: () => assert.fail('opened') } as unknown as KafkaClientFactory;

function resolve(sources: Partial<ServiceOptionSources>): ReturnType<typeof resolveServiceOptions> {
  return resolveServiceOptions({
    className: 'Etl',
    declared: { applicationId: 'etl', kafka: servers },
    env: {},
    overrides: {},
    ...sources,
  });
}

describe('resolveServiceOptions', () => {
  it('should let the call win over the environment, and the environment over the decorator', () => {
    const declared = { applicationId: 'code', commitIntervalMs: 1, pollMs: 1, workers: 2, kafka: servers };
    const env = { MILLRACE_APPLICATION_ID: 'env', MILLRACE_WORKERS: '3', KAFKA_BOOTSTRAP_SERVERS: 'env:9092' };
    const fromEnv = resolve({ declared, env });
    assert.equal(fromEnv.streams.applicationId, 'env');
    assert.equal(fromEnv.workers, 3);
    assert.deepEqual(fromEnv.streams.kafka, { bootstrapServers: 'env:9092' });

    const overrides = {
      applicationId: 'call',
      workers: 1,
      commitIntervalMs: 9,
      kafka: { bootstrapServers: 'call:9092' },
    };
    const fromCall = resolve({ declared, env, overrides });
    assert.equal(fromCall.streams.applicationId, 'call');
    assert.equal(fromCall.workers, 1);
    assert.equal(fromCall.streams.commitIntervalMs, 9);
    assert.equal(fromCall.streams.pollMs, 1);
    assert.deepEqual(fromCall.streams.kafka, { bootstrapServers: 'call:9092' });
  });

  it('should merge the parts of the connection', () => {
    const sasl = { mechanism: 'PLAIN', username: 'u', password: 'p' } as const;
    const { streams } = resolve({
      declared: { applicationId: 'etl', kafka: { ...servers, rack: 'a', requestTimeoutMs: 5 } },
      env: { KAFKA_CLIENT_RACK: 'b' },
      overrides: { kafka: { sasl } },
    });
    assert.deepEqual(streams.kafka, { ...servers, rack: 'b', requestTimeoutMs: 5, sasl });
  });

  it('should use a client factory as it is', () => {
    const env = { KAFKA_BOOTSTRAP_SERVERS: 'env:9092' };
    assert.equal(resolve({ env, overrides: { kafka: factory } }).streams.kafka, factory);
    assert.equal(resolve({ env, declared: { applicationId: 'etl', kafka: factory } }).streams.kafka, factory);
  });

  it('should give each worker its own client id, and a static member id only if one is set', () => {
    const plain = resolve({ worker: 2 }).streams;
    assert.deepEqual(plain.kafka, { ...servers, clientId: 'etl-2' });
    assert.equal(plain.groupInstanceId, undefined);
    const env = { MILLRACE_GROUP_INSTANCE_ID: 'pod-7' };
    assert.equal(resolve({ worker: 2, env }).streams.groupInstanceId, 'pod-7-2');
    assert.equal(resolve({ env }).streams.groupInstanceId, 'pod-7');
  });

  it('should keep options of the builder and of the host from the runtime', () => {
    const declared = {
      applicationId: 'etl',
      kafka: servers,
      keySerde: serdes.string,
      requireExplicitNames: true,
      workers: 2,
      providers: [],
      workerRestart: { maxFailures: 2 },
    };
    const { streams, builder, workerRestart } = resolve({ declared });
    const { logger, ...rest } = streams;
    assert.equal(typeof logger.info, 'function');
    assert.deepEqual(rest, { applicationId: 'etl', kafka: servers });
    assert.equal(builder.keySerde, serdes.string);
    assert.equal(builder.requireExplicitNames, true);
    assert.deepEqual(workerRestart, {
      initialDelayMs: 1000,
      maxDelayMs: 30_000,
      healthyAfterMs: 60_000,
      maxFailures: 2,
    });
  });

  const wrong: readonly [string, ServiceOverrides, string, RegExp][] = [
    ['an unknown option', { comitIntervalMs: 5 } as ServiceOverrides, 'UNKNOWN_OPTION', /mean 'commitIntervalMs'/],
    [
      'an unknown option of kafka',
      { kafka: { bootstrapServer: 'a' } } as ServiceOverrides,
      'UNKNOWN_OPTION',
      /'kafka' in.*mean 'bootstrapServers'/,
    ],
    [
      'an unknown option of tls',
      { kafka: { tls: { certs: 'x' } } } as ServiceOverrides,
      'UNKNOWN_OPTION',
      /mean 'cert'/,
    ],
    [
      'an unknown option of workerRestart',
      { workerRestart: { delay: 1 } } as ServiceOverrides,
      'UNKNOWN_OPTION',
      /'delay'/,
    ],
    ['a wrong number of workers', { workers: 1.5 }, 'INVALID_OPTION', /'workers' must be a whole number/],
    ['a negative delay', { workerRestart: { maxDelayMs: -1 } }, 'INVALID_OPTION', /maxDelayMs/],
    ['no address', { kafka: { bootstrapServers: '' } }, 'MISSING_OPTION', /KAFKA_BOOTSTRAP_SERVERS/],
  ];
  for (const [what, overrides, code, message] of wrong) {
    it(`should refuse ${what}`, () => {
      assert.throws(
        () => resolve({ overrides }),
        (error) => error instanceof ConfigError && error.code === code && message.test(error.message),
      );
    });
  }

  it('should say where an unknown option stands', () => {
    const declared = { applicationId: 'etl', worker: 2 };
    assert.throws(
      () => resolve({ declared }),
      /no option 'worker' in @StreamService of Etl\. Did you mean 'workers'\?/,
    );
  });
});
