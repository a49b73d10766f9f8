import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.api.*;
import org.apache.kafka.streams.state.*;
import org.apache.kafka.streams.state.internals.*;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Prints, as JSON, writes to Kafka Streams' stores and the changelog records that its stores make of them; and the bytes
 * of its key and value schemas.
 */
public final class ChangelogVectors {
  /** One write: store, key, value (null deletes), time of the record, two times whose meaning depends on the store. */
  record Write(String store, String key, String value, long recordTime, long time, long end) {}

  static final long DAY = 86_400_000L;
  static final String[] KEYS = {"a", "", "user-1", "Z\u00fcrich", "k".repeat(300)};
  static final String[] VALUES = {"v", "", "{\"n\":1}", null};
  static final long[] TIMES = {1_700_000_000_000L, 1_700_000_000_001L, 1_700_000_086_400L};

  static String hex(byte[] bytes) {
    return bytes == null ? "null" : "\"" + HexFormat.of().formatHex(bytes) + "\"";
  }

  static String quote(String s) {
    if (s == null) return "null";
    StringBuilder b = new StringBuilder("\"");
    for (char c : s.toCharArray()) b.append(c < 32 || c > 126 || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
    return b.append('"').toString();
  }

  static Topology topology(Map<String, Write> writes) {
    Serde<String> s = Serdes.String();
    Duration day = Duration.ofMillis(DAY), minute = Duration.ofMinutes(1);
    Topology topology = new Topology();
    topology.addSource("source", "in");
    topology.addProcessor("writer", (ProcessorSupplier<byte[], byte[], Void, Void>) () -> new Writer(writes), "source");
    topology.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("key-value"), s, s), "writer");
    topology.addStateStore(Stores.timestampedKeyValueStoreBuilder(Stores.inMemoryKeyValueStore("timestamped-key-value"), s, s), "writer");
    topology.addStateStore(Stores.windowStoreBuilder(Stores.inMemoryWindowStore("window", day, minute, false), s, s), "writer");
    topology.addStateStore(Stores.timestampedWindowStoreBuilder(Stores.inMemoryWindowStore("timestamped-window", day, minute, false), s, s), "writer");
    topology.addStateStore(Stores.windowStoreBuilder(Stores.inMemoryWindowStore("duplicates", day, minute, true), s, s), "writer");
    topology.addStateStore(Stores.sessionStoreBuilder(Stores.inMemorySessionStore("session", day), s, s), "writer");
    topology.addStateStore(Stores.versionedKeyValueStoreBuilder(Stores.persistentVersionedKeyValueStore("versioned", day), s, s), "writer");
    return topology;
  }

  static final class Writer implements Processor<byte[], byte[], Void, Void> {
    private final Map<String, Write> writes;
    private ProcessorContext<Void, Void> context;

    Writer(Map<String, Write> writes) {
      this.writes = writes;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      this.context = context;
    }

    @Override
    public void process(org.apache.kafka.streams.processor.api.Record<byte[], byte[]> record) {
      Write w = writes.get(new String(record.value(), StandardCharsets.UTF_8));
      switch (w.store()) {
        case "key-value" -> this.<KeyValueStore<String, String>>store(w).put(w.key(), w.value());
        case "timestamped-key-value" -> this.<TimestampedKeyValueStore<String, String>>store(w).put(w.key(), ValueAndTimestamp.make(w.value(), w.time()));
        case "window", "duplicates" -> this.<WindowStore<String, String>>store(w).put(w.key(), w.value(), w.time());
        case "timestamped-window" -> this.<TimestampedWindowStore<String, String>>store(w).put(w.key(), ValueAndTimestamp.make(w.value(), w.end()), w.time());
        case "session" -> this.<SessionStore<String, String>>store(w).put(new Windowed<>(w.key(), new SessionWindow(w.time(), w.end())), w.value());
        case "versioned" -> this.<VersionedKeyValueStore<String, String>>store(w).put(w.key(), w.value(), w.time());
        default -> throw new IllegalArgumentException(w.store());
      }
    }

    private <S extends org.apache.kafka.streams.processor.StateStore> S store(Write w) {
      return context.getStateStore(w.store());
    }
  }

  public static void main(String[] args) {
    List<Write> writes = new ArrayList<>();
    long recordTime = 1_700_000_000_500L;
    for (String store : List.of("key-value", "timestamped-key-value", "window", "timestamped-window", "duplicates", "session", "versioned")) {
      for (String key : KEYS) {
        for (int i = 0; i < VALUES.length; i++) {
          long time = TIMES[i % TIMES.length];
          // Distinct entries: Millrace merges changes of one key in one commit, Kafka Streams (without cache) does not.
          String distinct = store.contains("window") || store.equals("duplicates") || store.equals("session") ? key + i : store.equals("versioned") ? key : key + i;
          writes.add(new Write(store, distinct, VALUES[i], recordTime++, store.equals("versioned") ? time + 10L * i : time, time + 5_000 + i));
        }
      }
    }
    Map<String, Write> byId = new HashMap<>();
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "app");
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    config.put(StreamsConfig.STATE_DIR_CONFIG, System.getProperty("java.io.tmpdir") + "/changelog-vectors");
    config.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    config.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    List<String> lines = new ArrayList<>();
    try (TopologyTestDriver driver = new TopologyTestDriver(topology(byId), config)) {
      TestInputTopic<byte[], byte[]> in = driver.createInputTopic("in", new ByteArraySerializer(), new ByteArraySerializer());
      for (int i = 0; i < writes.size(); i++) {
        Write w = writes.get(i);
        byId.put("" + i, w);
        in.pipeInput(new TestRecord<>(new byte[0], ("" + i).getBytes(StandardCharsets.UTF_8), (org.apache.kafka.common.header.Headers) null, w.recordTime()));
        TestOutputTopic<byte[], byte[]> changelog = driver.createOutputTopic("app-" + w.store() + "-changelog", new ByteArrayDeserializer(), new ByteArrayDeserializer());
        TestRecord<byte[], byte[]> out = changelog.isEmpty() ? null : changelog.readRecord();
        String record = out == null ? "null" : "{ \"key\": " + hex(out.key()) + ", \"value\": " + hex(out.value()) + ", \"timestamp\": " + out.timestamp() + " }";
        lines.add("    { \"store\": \"" + w.store() + "\", \"key\": " + quote(w.key()) + ", \"value\": " + quote(w.value()) + ", \"recordTime\": " + w.recordTime() + ", \"time\": " + w.time() + ", \"end\": " + w.end() + ", \"record\": " + record + " }");
      }
    }
    List<String> schemas = new ArrayList<>();
    for (String key : KEYS) {
      Bytes bytes = Bytes.wrap(key.getBytes(StandardCharsets.UTF_8));
      for (long time : new long[] {0, 1, 1_700_000_000_000L, 9_007_199_254_740_991L}) {
        for (int seq : new int[] {0, 1, Integer.MAX_VALUE})
          schemas.add("    { \"schema\": \"window\", \"key\": " + quote(key) + ", \"time\": " + time + ", \"extra\": " + seq + ", \"bytes\": " + hex(WindowKeySchema.toStoreKeyBinary(bytes, time, seq).get()) + " }");
        schemas.add("    { \"schema\": \"session\", \"key\": " + quote(key) + ", \"time\": " + time / 2 + ", \"extra\": " + time + ", \"bytes\": " + hex(SessionKeySchema.toBinary(bytes, time / 2, time).get()) + " }");
        schemas.add("    { \"schema\": \"value-and-timestamp\", \"key\": " + quote(key) + ", \"time\": " + time + ", \"extra\": 0, \"bytes\": " + hex(new ValueAndTimestampSerde<>(Serdes.String()).serializer().serialize("t", ValueAndTimestamp.make(key, time))) + " }");
      }
    }
    System.out.println("{\n  \"writes\": [\n" + String.join(",\n", lines) + "\n  ],\n  \"schemas\": [\n" + String.join(",\n", schemas) + "\n  ]\n}");
  }
}
