import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LocalKafkaError, startKafka, type LocalKafka } from '../dist/index.js';
import { findFreePorts, isFree } from '../dist/free-ports.js';
import { readClusterId } from '../dist/storage.js';
import { requestApiVersions, requestBrokers } from '../dist/wire-client.js';

describe('startKafka with one broker', () => {
  let kafka: LocalKafka;

  before(async () => {
    kafka = await startKafka();
  });

  after(() => kafka.stop());

  it('should answer ApiVersions and name itself in the metadata', async () => {
    const [broker] = kafka.brokers;
    assert.ok(broker);
    assert.equal(kafka.bootstrapServers, `127.0.0.1:${broker.port}`);
    assert.ok((await requestApiVersions('127.0.0.1', broker.port, 5000)) > 30);
    assert.deepEqual(await requestBrokers('127.0.0.1', broker.port, 5000), [
      { id: 1, host: '127.0.0.1', port: broker.port },
    ]);
  });

  it('should log to a file', async () => {
    assert.match(await readFile(kafka.logFile, 'utf8'), /Kafka Server started/);
  });

  it('should serve again on the same port with the same cluster id after a kill and a restart', async () => {
    const [broker] = kafka.brokers;
    assert.ok(broker);
    const clusterId = await readClusterId(join(kafka.directory, 'broker-1'));
    const pid = broker.pid;
    await broker.kill();
    assert.equal(broker.isRunning, false);
    assert.equal(broker.pid, undefined);
    await assert.rejects(requestApiVersions('127.0.0.1', broker.port, 5000));
    await broker.restart();
    assert.notEqual(broker.pid, pid);
    assert.ok((await requestApiVersions('127.0.0.1', broker.port, 5000)) > 30);
    assert.equal(await readClusterId(join(kafka.directory, 'broker-1')), clusterId);
  });

  it('should restart a broker that runs', async () => {
    const [broker] = kafka.brokers;
    assert.ok(broker);
    const pid = broker.pid;
    await broker.restart();
    assert.notEqual(broker.pid, pid);
    assert.equal(broker.isRunning, true);
  });
});

describe('startKafka', () => {
  it('should delete its data when it stops', async () => {
    const kafka = await startKafka();
    const port = kafka.brokers[0]?.port ?? 0;
    await kafka.stop();
    await kafka.stop();
    assert.equal(existsSync(kafka.directory), false);
    assert.equal(await isFree(port), true);
  });

  it('should keep a data folder that was named, and go on with it', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'millrace-kept-'));
    try {
      const first = await startKafka({ dataDirectory });
      await first.stop();
      const clusterId = await readClusterId(join(dataDirectory, 'broker-1'));
      const second = await startKafka({ dataDirectory });
      await second.stop();
      assert.ok(clusterId);
      assert.equal(await readClusterId(join(dataDirectory, 'broker-1')), clusterId);
      // The log goes on, too: two starts.
      const log = await readFile(second.logFile, 'utf8');
      assert.equal(log.match(/Kafka Server started/g)?.length, 2);
    } finally {
      await rm(dataDirectory, { recursive: true });
    }
  });

  it('should take the port it is given', async () => {
    const [port = 0] = await findFreePorts(1);
    const kafka = await startKafka({ port });
    assert.equal(kafka.bootstrapServers, `127.0.0.1:${port}`);
    await kafka.stop();
  });

  it('should refuse a port that is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    try {
      await assert.rejects(startKafka({ port: address.port }), (error) => {
        assert.ok(LocalKafkaError.is(error));
        assert.equal(error.code, 'PORT_IN_USE');
        assert.match(error.message, new RegExp(`${address.port}`));
        return true;
      });
    } finally {
      server.close();
    }
  });

  it('should pass extra properties on, and point at the log when the broker refuses them', async () => {
    await assert.rejects(startKafka({ properties: { 'num.io.threads': 0 } }), (error) => {
      assert.ok(LocalKafkaError.is(error));
      assert.equal(error.code, 'START_FAILED');
      assert.match(error.message, /num\.io\.threads/);
      const log = /\/\S+broker-1\.log/.exec(error.message)?.[0];
      assert.ok(log !== undefined && existsSync(log), 'the log is still there');
      rmSync(dirname(log), { recursive: true });
      return true;
    });
  });

  it('should refuse unknown and impossible options', async () => {
    await assert.rejects(startKafka({ brokers: 0 }), {
      code: 'INVALID_OPTION',
      message: /brokers of the local Kafka is 0/,
    });
    const misspelt = { brokers: 1, borkers: 3 };
    await assert.rejects(startKafka(misspelt), {
      code: 'INVALID_OPTION',
      message: /borkers of the local Kafka is not known/,
    });
  });
});
