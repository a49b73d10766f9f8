// A service with one thing wrong with it, which TEST_FAULT names.
import {
  runService,
  serdes,
  StreamService,
  Topology,
  type ServiceOverrides,
  type StreamsBuilder,
} from '@millrace/framework';
import { setting } from '../setting.js';

const fault = setting('TEST_FAULT');
const json = { keySerde: serdes.string, valueSerde: serdes.json<{ n: number }>() };

@StreamService({ applicationId: setting('TEST_APPLICATION'), commitIntervalMs: 300 })
class FaultyService {
  @Topology()
  declare(builder: StreamsBuilder): void {
    const inputs = setting('TEST_INPUT').split(',');
    const stream = builder.stream(inputs, json);
    switch (fault) {
      case 'handler-throws':
        stream
          .mapValues((value) => {
            if (value.n < 0) throw new RangeError(`n is negative: ${value.n}`);
            return value;
          })
          .to(setting('TEST_OUTPUT'), json);
        break;
      case 'co-partitioned':
        stream.process(() => ({ process: () => undefined }), { keyed: true });
        break;
      case 'repartition':
        stream
          .selectKey((value) => String(value.n))
          .repartition({ name: 'by-n', ...json })
          .to(setting('TEST_OUTPUT'), json);
        break;
      default:
        stream.to(setting('TEST_OUTPUT'), json);
    }
  }
}

const overrides: Record<string, unknown> = fault === 'unknown-option' ? { comitIntervalMs: 5 } : {};
await runService(FaultyService, overrides as ServiceOverrides);
