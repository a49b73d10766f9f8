import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Prints random topologies of the DSL, one JSON object a line: the calls, each on the streams made before, whether repartition
 * topics are merged, and what describe() says. Optimised ones have at most one merge() and no process(): Kafka Streams' answer
 * depends on identity hash codes with more, and ignores that process() may change keys unless an internal setting is on.
 */
public final class RandomDsl {
  private static final class Ignore implements Processor<String, String, String, String> {
    @Override
    public void process(Record<String, String> record) {}
  }

  private final Random random;
  private final boolean optimized;
  private final StreamsBuilder builder = new StreamsBuilder();
  private final List<KStream<String, String>> streams = new ArrayList<>();
  private final List<String> calls = new ArrayList<>();
  private int names = 0;
  private int merges = 0;

  private RandomDsl(Random random, boolean optimized) {
    this.random = random;
    this.optimized = optimized;
  }

  public static void main(String[] args) {
    Random random = new Random(20240603);
    for (int printed = 0; printed < 200; ) {
      RandomDsl program = new RandomDsl(random, printed % 2 == 1);
      String description;
      try {
        description = program.run();
      } catch (RuntimeException e) {
        continue;
      }
      System.out.println("{\"optimized\": " + program.optimized + ", \"calls\": [" + String.join(", ", program.calls)
          + "], \"describe\": \"" + description.replace("\n", "\\n") + "\"}");
      printed++;
    }
  }

  private String run() {
    source();
    int steps = 3 + random.nextInt(optimized ? 14 : 25);
    for (int i = 0; i < steps; i++) step();
    Properties properties = new Properties();
    properties.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG,
        optimized ? StreamsConfig.MERGE_REPARTITION_TOPICS : StreamsConfig.NO_OPTIMIZATION);
    return builder.build(properties).describe().toString();
  }

  private void source() {
    String topic = "t" + random.nextInt(4);
    calls.add("[\"stream\", 0, null, \"" + topic + "\"]");
    streams.add(builder.stream(topic, Consumed.with(Serdes.String(), Serdes.String())));
  }

  private void step() {
    int index = random.nextInt(3) == 0 ? random.nextInt(streams.size()) : streams.size() - 1;
    KStream<String, String> stream = streams.get(index);
    String name = random.nextInt(4) == 0 ? "name" + names++ : null;
    Named named = name == null ? null : Named.as(name);
    switch (random.nextInt(12)) {
      case 0 -> { if (random.nextInt(3) == 0) source(); }
      case 1 -> add("filter", index, name, named == null ? stream.filter((k, v) -> true) : stream.filter((k, v) -> true, named));
      case 2 -> add("mapValues", index, name, named == null ? stream.mapValues(v -> v) : stream.mapValues(v -> v, named));
      case 3, 4 -> add("selectKey", index, name, named == null ? stream.selectKey((k, v) -> k) : stream.selectKey((k, v) -> k, named));
      case 5 -> add("map", index, name, named == null ? stream.map(KeyValue::pair) : stream.map(KeyValue::pair, named));
      case 6 -> {
        if (optimized) return;
        add("process", index, name, named == null ? stream.process(Ignore::new) : stream.process(Ignore::new, named));
      }
      case 7 -> {
        if (optimized && merges++ > 0) return;
        int other = random.nextInt(streams.size());
        calls.add("[\"merge\", " + index + ", " + quote(name) + ", " + other + "]");
        KStream<String, String> second = streams.get(other);
        streams.add(named == null ? stream.merge(second) : stream.merge(second, named));
      }
      case 8 -> add("repartition", index, name, name == null ? stream.repartition() : stream.repartition(Repartitioned.as(name)));
      case 9, 10 -> {
        calls.add("[\"toTable\", " + index + ", " + quote(name) + "]");
        if (named == null) stream.toTable();
        else stream.toTable(named);
      }
      default -> {
        calls.add("[\"to\", " + index + ", " + quote(name) + "]");
        stream.to("out", name == null ? Produced.with(Serdes.String(), Serdes.String()) : Produced.as(name));
      }
    }
  }

  private void add(String call, int index, String name, KStream<String, String> result) {
    calls.add("[\"" + call + "\", " + index + ", " + quote(name) + "]");
    streams.add(result);
  }

  private static String quote(String name) {
    return name == null ? "null" : "\"" + name + "\"";
  }
}
