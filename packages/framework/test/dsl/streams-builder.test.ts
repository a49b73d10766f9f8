import assert from 'node:assert/strict';
import { serdes, StreamsBuilder, TopologyError } from '../../dist/index.js';

describe('StreamsBuilder', () => {
  it('should number operators and describe them as Kafka Streams does', () => {
    const builder = new StreamsBuilder({ keySerde: serdes.string, valueSerde: serdes.string });
    builder
      .stream<string, string>('in')
      .filter((value) => value.length > 0)
      .mapValues((value) => value.length)
      .to('out');
    assert.equal(
      builder.build().describe(),
      [
        'Topologies:',
        '   Sub-topology: 0',
        '    Source: KSTREAM-SOURCE-0000000000 (topics: [in])',
        '      --> KSTREAM-FILTER-0000000001',
        '    Processor: KSTREAM-FILTER-0000000001 (stores: [])',
        '      --> KSTREAM-MAPVALUES-0000000002',
        '      <-- KSTREAM-SOURCE-0000000000',
        '    Processor: KSTREAM-MAPVALUES-0000000002 (stores: [])',
        '      --> KSTREAM-SINK-0000000003',
        '      <-- KSTREAM-FILTER-0000000001',
        '    Sink: KSTREAM-SINK-0000000003 (topic: out)',
        '      <-- KSTREAM-MAPVALUES-0000000002',
        '',
        '',
      ].join('\n'),
    );
  });

  it('should say where a serde is missing', () => {
    const builder = new StreamsBuilder({ keySerde: serdes.string });
    const stream = builder.stream('in', { valueSerde: serdes.string }).mapValues((value) => value.length);
    assert.throws(
      () => stream.to('out'),
      (error) =>
        error instanceof TopologyError && error.code === 'MISSING_SERDE' && error.message.includes("to('out')"),
    );
  });
});
