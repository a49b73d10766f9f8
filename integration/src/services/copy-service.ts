// Copies a topic and appends this process's id to each value, so that a test can tell who processed what.
import { runService, serdes, StreamService, Topology, type StreamsBuilder } from '@millrace/framework';
import { setting } from '../setting.js';

const text = { keySerde: serdes.string, valueSerde: serdes.string };

@StreamService({ applicationId: setting('TEST_APPLICATION'), commitIntervalMs: 300 })
class CopyService {
  @Topology()
  declare(builder: StreamsBuilder): void {
    builder
      .stream(setting('TEST_INPUT'), text)
      .mapValues((value) => `${value}|${process.pid}`)
      .to(setting('TEST_OUTPUT'), text);
  }
}

await runService(CopyService);
