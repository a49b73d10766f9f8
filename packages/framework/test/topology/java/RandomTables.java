import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.InternalTopologyBuilder;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Prints random topologies of streams, tables and aggregates, one JSON object a line: the calls, each on the streams, grouped
 * streams, tables or grouped tables made before, the optimisations, what describe() says, and the topics that serve as
 * changelogs. Those whose repartition topics are merged have no process(): Kafka Streams ignores that it may change keys unless
 * an internal setting is on.
 */
@SuppressWarnings("unchecked")
public final class RandomTables {
  private static final class Ignore implements Processor<String, String, String, String> {
    @Override
    public void process(Record<String, String> record) {}
  }

  private static final class IgnoreFixed implements FixedKeyProcessor<String, String, String> {
    @Override
    public void process(FixedKeyRecord<String, String> record) {}
  }

  private static final String[] OPTIMIZATIONS = {
    "none", StreamsConfig.MERGE_REPARTITION_TOPICS, StreamsConfig.REUSE_KTABLE_SOURCE_TOPICS, "all"
  };

  private final Random random;
  private final String optimization;
  private final StreamsBuilder builder = new StreamsBuilder();
  private final List<KStream<String, String>> streams = new ArrayList<>();
  private final List<KGroupedStream<String, String>> groups = new ArrayList<>();
  private final List<KTable<String, String>> tables = new ArrayList<>();
  private final List<KGroupedTable<String, String>> tableGroups = new ArrayList<>();
  private final List<String> stores = new ArrayList<>();
  private final List<String> calls = new ArrayList<>();
  private int names = 0;
  private int topics = 0;

  private RandomTables(Random random, String optimization) {
    this.random = random;
    this.optimization = optimization;
  }

  public static void main(String[] args) throws Exception {
    Random random = new Random(20240917);
    for (int printed = 0; printed < 300; ) {
      RandomTables program = new RandomTables(random, OPTIMIZATIONS[printed % 4]);
      String described;
      try {
        described = program.run();
      } catch (RuntimeException e) {
        continue;
      }
      System.out.println("{\"optimize\": \"" + program.optimization + "\", \"calls\": [" + String.join(", ", program.calls)
          + "], " + described + "}");
      printed++;
    }
  }

  private String run() throws Exception {
    streams.add(builder.stream("s0", Consumed.with(Serdes.String(), Serdes.String())));
    calls.add("{\"call\": \"stream\", \"topic\": \"s0\"}");
    int steps = 4 + random.nextInt(16);
    for (int i = 0; i < steps; i++) step();
    Properties properties = new Properties();
    properties.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, optimization);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "app");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:9092");
    Topology topology = builder.build(properties);
    String description = topology.describe().toString();
    var field = Topology.class.getDeclaredField("internalTopologyBuilder");
    field.setAccessible(true);
    InternalTopologyBuilder internal = (InternalTopologyBuilder) field.get(topology);
    internal.rewriteTopology(new StreamsConfig(properties)).buildTopology();
    String changelogs = internal.subtopologyToTopicsInfo().values().stream()
        .flatMap(info -> info.stateChangelogTopics.keySet().stream())
        .sorted().map(RandomTables::quote).collect(Collectors.joining(", "));
    return "\"describe\": \"" + description.replace("\n", "\\n") + "\", \"changelogs\": [" + changelogs + "]";
  }

  private void step() {
    switch (random.nextInt(17)) {
      case 0 -> {
        String name = name(4);
        String store = store();
        String topic = "t" + topics++;
        Consumed<String, String> consumed = Consumed.with(Serdes.String(), Serdes.String());
        if (name != null) consumed = consumed.withName(name);
        call("table", 0, name, store, "\"topic\": " + quote(topic));
        tables.add(store == null ? builder.table(topic, consumed) : builder.table(topic, consumed, materialized(store)));
      }
      case 1 -> {
        if (random.nextInt(3) > 0) return;
        String name = name(3);
        String topic = "g" + topics++;
        Consumed<String, String> consumed = Consumed.with(Serdes.String(), Serdes.String());
        if (name != null) consumed = consumed.withName(name);
        call("globalTable", 0, name, null, "\"topic\": " + quote(topic));
        builder.globalTable(topic, consumed);
      }
      case 2 -> {
        if (random.nextInt(4) > 0) return;
        calls.add("{\"call\": \"addStateStore\", \"store\": \"own" + names + "\"}");
        String store = "own" + names++;
        stores.add(store);
        builder.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store), Serdes.String(), Serdes.String()));
      }
      case 3, 4, 5 -> streamStep();
      case 6, 7 -> {
        int index = pick(streams.size());
        String name = name(3);
        boolean byKey = random.nextBoolean();
        call(byKey ? "groupByKey" : "groupBy", index, name, null, null);
        Grouped<String, String> grouped = Grouped.with(name, Serdes.String(), Serdes.String());
        KStream<String, String> stream = streams.get(index);
        groups.add(byKey ? stream.groupByKey(grouped) : stream.groupBy((k, v) -> v, grouped));
      }
      case 8, 9, 10 -> aggregateStream();
      case 11, 12 -> tableStep();
      case 13 -> {
        if (tables.isEmpty()) return;
        int index = pick(tables.size());
        String name = name(3);
        call("tableGroupBy", index, name, null, null);
        tableGroups.add(tables.get(index).groupBy(KeyValue::pair, Grouped.with(name, Serdes.String(), Serdes.String())));
      }
      case 14, 15 -> aggregateTable();
      default -> {
        if (tables.isEmpty()) return;
        int index = pick(tables.size());
        String name = name(4);
        call("toStream", index, name, null, null);
        streams.add(name == null ? tables.get(index).toStream() : tables.get(index).toStream(Named.as(name)));
      }
    }
  }

  private void streamStep() {
    int index = pick(streams.size());
    KStream<String, String> stream = streams.get(index);
    String name = name(4);
    switch (random.nextInt(6)) {
      case 0 -> {
        call("selectKey", index, name, null, null);
        streams.add(name == null ? stream.selectKey((k, v) -> v) : stream.selectKey((k, v) -> v, Named.as(name)));
      }
      case 1 -> {
        call("mapValues", index, name, null, null);
        streams.add(name == null ? stream.mapValues(v -> v) : stream.mapValues(v -> v, Named.as(name)));
      }
      case 2 -> {
        String store = store();
        call("toTable", index, name, store, null);
        Named named = name == null ? null : Named.as(name);
        if (store == null) tables.add(named == null ? stream.toTable() : stream.toTable(named));
        else tables.add(named == null ? stream.toTable(materialized(store)) : stream.toTable(named, materialized(store)));
      }
      case 3 -> {
        if (optimization.equals("all") || optimization.equals(StreamsConfig.MERGE_REPARTITION_TOPICS)) return;
        String[] used = stores.stream().filter(store -> random.nextBoolean()).toArray(String[]::new);
        String list = "\"stores\": [" + List.of(used).stream().map(RandomTables::quote).collect(Collectors.joining(", ")) + "]";
        boolean values = random.nextBoolean();
        call(values ? "processValues" : "process", index, name, null, list);
        if (values) streams.add(name == null ? stream.processValues(IgnoreFixed::new, used) : stream.processValues(IgnoreFixed::new, Named.as(name), used));
        else streams.add(name == null ? stream.process(Ignore::new, used) : stream.process(Ignore::new, Named.as(name), used));
      }
      case 4 -> {
        call("repartition", index, name, null, null);
        streams.add(name == null ? stream.repartition() : stream.repartition(Repartitioned.as(name)));
      }
      default -> {
        call("to", index, name, null, null);
        stream.to("out", name == null ? Produced.with(Serdes.String(), Serdes.String()) : Produced.as(name));
      }
    }
  }

  private void aggregateStream() {
    if (groups.isEmpty()) return;
    int index = pick(groups.size());
    KGroupedStream<String, String> group = groups.get(index);
    String name = name(4);
    String store = store();
    Named named = name == null ? null : Named.as(name);
    switch (random.nextInt(3)) {
      case 0 -> {
        call("count", index, name, store, null);
        Materialized<String, Long, KeyValueStore<Bytes, byte[]>> counted = (Materialized<String, Long, KeyValueStore<Bytes, byte[]>>) (Materialized<?, ?, ?>) materialized(store);
        KTable<String, Long> table = store == null
            ? (named == null ? group.count() : group.count(named))
            : (named == null ? group.count(counted) : group.count(named, counted));
        tables.add((KTable<String, String>) (KTable<?, ?>) table);
      }
      case 1 -> {
        call("reduce", index, name, store == null ? "" : store, null);
        tables.add(named == null ? group.reduce((a, b) -> a, materialized(store)) : group.reduce((a, b) -> a, named, materialized(store)));
      }
      default -> {
        call("aggregate", index, name, store == null ? "" : store, null);
        tables.add(named == null
            ? group.aggregate(() -> "", (k, v, a) -> a, materialized(store))
            : group.aggregate(() -> "", (k, v, a) -> a, named, materialized(store)));
      }
    }
  }

  private void tableStep() {
    if (tables.isEmpty()) return;
    int index = pick(tables.size());
    KTable<String, String> table = tables.get(index);
    String name = name(4);
    String store = store();
    Named named = name == null ? null : Named.as(name);
    int kind = random.nextInt(3);
    call(new String[] {"tableFilter", "tableFilterNot", "tableMapValues"}[kind], index, name, store, null);
    switch (kind) {
      case 0 -> tables.add(store == null
          ? (named == null ? table.filter((k, v) -> true) : table.filter((k, v) -> true, named))
          : (named == null ? table.filter((k, v) -> true, materialized(store)) : table.filter((k, v) -> true, named, materialized(store))));
      case 1 -> tables.add(store == null
          ? (named == null ? table.filterNot((k, v) -> true) : table.filterNot((k, v) -> true, named))
          : (named == null ? table.filterNot((k, v) -> true, materialized(store)) : table.filterNot((k, v) -> true, named, materialized(store))));
      default -> tables.add(store == null
          ? (named == null ? table.mapValues(v -> v) : table.mapValues(v -> v, named))
          : (named == null ? table.mapValues(v -> v, materialized(store)) : table.mapValues(v -> v, named, materialized(store))));
    }
  }

  private void aggregateTable() {
    if (tableGroups.isEmpty()) return;
    int index = pick(tableGroups.size());
    KGroupedTable<String, String> group = tableGroups.get(index);
    String name = name(4);
    String store = store();
    Named named = name == null ? null : Named.as(name);
    switch (random.nextInt(3)) {
      case 0 -> {
        call("tableCount", index, name, store, null);
        Materialized<String, Long, KeyValueStore<Bytes, byte[]>> counted = (Materialized<String, Long, KeyValueStore<Bytes, byte[]>>) (Materialized<?, ?, ?>) materialized(store);
        KTable<String, Long> table = name == null ? group.count(counted) : group.count(named, counted);
        tables.add((KTable<String, String>) (KTable<?, ?>) table);
      }
      case 1 -> {
        call("tableReduce", index, name, store, null);
        tables.add(name == null ? group.reduce((a, b) -> a, (a, b) -> a, materialized(store)) : group.reduce((a, b) -> a, (a, b) -> a, named, materialized(store)));
      }
      default -> {
        call("tableAggregate", index, name, store, null);
        tables.add(name == null
            ? group.aggregate(() -> "", (k, v, a) -> a, (k, v, a) -> a, materialized(store))
            : group.aggregate(() -> "", (k, v, a) -> a, (k, v, a) -> a, named, materialized(store)));
      }
    }
  }

  /** The last one half of the time, else any. */
  private int pick(int size) {
    return random.nextInt(2) == 0 ? random.nextInt(size) : size - 1;
  }

  private String name(int oneIn) {
    return random.nextInt(oneIn) == 0 ? "name" + names++ : null;
  }

  /** null: no Materialized; empty: one without a name. */
  private String store() {
    int kind = random.nextInt(3);
    return kind == 0 ? null : kind == 1 ? "" : "store" + names++;
  }

  private Materialized<String, String, KeyValueStore<Bytes, byte[]>> materialized(String store) {
    return store == null || store.isEmpty()
        ? Materialized.with(Serdes.String(), Serdes.String())
        : Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(store).withKeySerde(Serdes.String()).withValueSerde(Serdes.String());
  }

  private void call(String call, int on, String name, String store, String more) {
    calls.add("{\"call\": \"" + call + "\", \"on\": " + on + (name == null ? "" : ", \"name\": " + quote(name))
        + (store == null ? "" : ", \"store\": " + quote(store)) + (more == null ? "" : ", " + more) + "}");
  }

  private static String quote(String text) {
    return "\"" + text + "\"";
  }
}
