import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;

/** Prints describe() of topologies that golden-dsl.test.ts builds too, under the same titles. */
public final class DslTopologies {
  private static final class Ignore implements Processor<String, String, String, String> {
    @Override
    public void process(Record<String, String> record) {}
  }

  private static final class IgnoreFixed implements FixedKeyProcessor<String, String, String> {
    @Override
    public void process(FixedKeyRecord<String, String> record) {}
  }

  private static final class ByCountry implements TopicNameExtractor<String, String> {
    @Override
    public String extract(String key, String value, RecordContext context) {
      return value;
    }

    @Override
    public String toString() {
      return "byCountry";
    }
  }

  private static void golden(String title, Consumer<StreamsBuilder> declare) {
    print(title, declare, StreamsConfig.NO_OPTIMIZATION);
  }

  private static void optimized(String title, Consumer<StreamsBuilder> declare) {
    print(title, declare, StreamsConfig.MERGE_REPARTITION_TOPICS);
  }

  private static void print(String title, Consumer<StreamsBuilder> declare, String optimization) {
    StreamsBuilder builder = new StreamsBuilder();
    declare.accept(builder);
    Properties properties = new Properties();
    properties.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, optimization);
    System.out.print("=== " + title + "\n" + builder.build(properties).describe());
  }

  private static KStream<String, String> in(StreamsBuilder builder, String topic) {
    return builder.stream(topic, Consumed.with(Serdes.String(), Serdes.String()));
  }

  private static <K, V> void toTable(KStream<K, V> stream) {
    stream.toTable();
  }

  public static void main(String[] args) {
    sourcesAndSinks();
    operators();
    branches();
    merges();
    repartitions();
    keyedOperators();
    optimizedOperators();
  }

  private static void sourcesAndSinks() {
    golden("a topic copied", b -> in(b, "in").to("out"));
    golden("one source of several topics", b ->
        b.stream(List.of("flights", "arrivals", "departures", "airports", "carriers")).to("out"));
    golden("one source of thirteen topics", b ->
        b.stream(List.of("t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10", "t11", "t12", "t13")).to("out"));
    golden("a source of a pattern", b -> b.stream(Pattern.compile("flights-[0-9]+|arrivals.*")).to("out"));
    golden("named source and sink", b ->
        b.stream("in", Consumed.as("read-flights")).to("out", Produced.as("write-flights")));
    golden("a sink whose topic is chosen per record", b -> in(b, "in").to(new ByCountry()));
    golden("two streams of one topic", b -> {
      in(b, "in").filter((k, v) -> true).to("out1");
      in(b, "in").mapValues(v -> v).to("out2");
    });
    golden("two streams of the same topics in another order", b -> {
      b.stream(List.of("a", "b", "c")).to("out1");
      b.stream(List.of("c", "a", "b")).to("out2");
    });
    golden("two streams of one pattern", b -> {
      b.stream(Pattern.compile("in-.*")).to("out1");
      b.stream(Pattern.compile("in-.*")).to("out2");
    });
    golden("three subtopologies", b -> {
      in(b, "in1").to("out1");
      in(b, "in2").filter((k, v) -> true).to("out2");
      in(b, "in3").foreach((k, v) -> {});
    });
  }

  private static void operators() {
    golden("every stateless operator", b -> {
      KStream<String, String> stream = in(b, "in")
          .filter((k, v) -> true)
          .filterNot((k, v) -> false)
          .map(KeyValue::pair)
          .mapValues(v -> v)
          .flatMap((k, v) -> List.of(KeyValue.pair(k, v)))
          .flatMapValues(v -> List.of(v))
          .peek((k, v) -> {})
          .selectKey((k, v) -> k);
      stream.print(Printed.toSysOut());
      stream.foreach((k, v) -> {});
      stream.process(Ignore::new).processValues(IgnoreFixed::new).to("out");
    });
    golden("every stateless operator named", b -> {
      KStream<String, String> stream = in(b, "in")
          .filter((k, v) -> true, Named.as("only-valid"))
          .filterNot((k, v) -> false, Named.as("no-test"))
          .map(KeyValue::pair, Named.as("normalise"))
          .mapValues(v -> v, Named.as("parse"))
          .flatMap((k, v) -> List.of(KeyValue.pair(k, v)), Named.as("split-lines"))
          .flatMapValues(v -> List.of(v), Named.as("split-words"))
          .peek((k, v) -> {}, Named.as("count"))
          .selectKey((k, v) -> k, Named.as("by-word"));
      stream.print(Printed.<String, String>toSysOut().withName("show"));
      stream.foreach((k, v) -> {}, Named.as("each"));
      stream.process(Ignore::new, Named.as("custom")).processValues(IgnoreFixed::new, Named.as("custom-values")).to("out");
    });
    golden("named and unnamed operators mixed", b ->
        in(b, "in")
            .filter((k, v) -> true, Named.as("first"))
            .process(Ignore::new, Named.as("second"))
            .mapValues(v -> v)
            .process(Ignore::new)
            .repartition(Repartitioned.<String, String>as("third"))
            .peek((k, v) -> {})
            .to("out", Produced.with(Serdes.String(), Serdes.String())));
    golden("a fan of subtrees of different sizes", b -> {
      KStream<String, String> stream = in(b, "in");
      stream.filter((k, v) -> true).to("small");
      stream.mapValues(v -> v).filter((k, v) -> true).filter((k, v) -> true).to("large");
      stream.peek((k, v) -> {}).filter((k, v) -> true).to("middle");
      stream.to("direct");
      KStream<String, String> wide = stream.filterNot((k, v) -> false);
      for (int i = 0; i < 6; i++) wide.peek((k, v) -> {}).to("wide-" + i);
    });
  }

  private static void branches() {
    golden("split with unnamed branches", b -> {
      var branches = in(b, "in").split().branch((k, v) -> true).branch((k, v) -> false).defaultBranch();
      branches.forEach((name, stream) -> { });
    });
    golden("split with named branches", b -> {
      var branches = in(b, "in").split(Named.as("by-delay-"))
          .branch((k, v) -> true, Branched.as("late"))
          .branch((k, v) -> true, Branched.as("cancelled"))
          .defaultBranch(Branched.as("on-time"));
      branches.get("by-delay-late").mapValues(v -> v).filter((k, v) -> true).to("late");
      branches.get("by-delay-cancelled").to("cancelled");
      branches.get("by-delay-on-time").peek((k, v) -> {}).to("on-time");
    });
    golden("split without default branch, partly named", b -> {
      var branches = in(b, "in").split()
          .branch((k, v) -> true, Branched.as("-late"))
          .branch((k, v) -> true)
          .noDefaultBranch();
      branches.get("KSTREAM-BRANCH-0000000001-late").to("late");
      branches.get("KSTREAM-BRANCH-00000000012").to("second");
    });
    golden("branches worked on at once", b -> {
      var branches = in(b, "in").split(Named.as("s-"))
          .branch((k, v) -> true, Branched.withConsumer(stream -> stream.to("one"), "one"))
          .branch((k, v) -> true, Branched.withFunction(stream -> stream.mapValues(v -> v + v), "two"))
          .defaultBranch(Branched.withConsumer(stream -> stream.filter((k, v) -> true).to("rest")));
      branches.get("s-two").to("two");
    });
  }

  private static void merges() {
    golden("two streams merged", b -> in(b, "in1").merge(in(b, "in2")).to("out", Produced.with(Serdes.String(), Serdes.String())));
    golden("three streams merged with names", b ->
        in(b, "in1").merge(in(b, "in2"), Named.as("both")).merge(in(b, "in3"), Named.as("all")).peek((k, v) -> {}));
    golden("a stream merged with itself", b -> {
      KStream<String, String> stream = in(b, "in");
      stream.merge(stream).peek((k, v) -> {});
    });
    golden("branches merged again", b -> {
      var branches = in(b, "in").split(Named.as("parity-"))
          .branch((k, v) -> true, Branched.as("odd"))
          .defaultBranch(Branched.as("even"));
      branches.get("parity-odd").mapValues(v -> v).merge(branches.get("parity-even")).to("out", Produced.with(Serdes.String(), Serdes.String()));
    });
  }

  private static void repartitions() {
    golden("repartition", b -> in(b, "in").repartition().to("out", Produced.with(Serdes.String(), Serdes.String())));
    golden("repartition with name and partitions", b ->
        in(b, "in").repartition(Repartitioned.<String, String>as("by-user").withNumberOfPartitions(7)).peek((k, v) -> {}));
    golden("repartition with a name that ends in the suffix", b ->
        in(b, "in").repartition(Repartitioned.<String, String>as("by-user-repartition")).peek((k, v) -> {}));
    golden("repartition of a merge, twice", b ->
        in(b, "in1").merge(in(b, "in2")).repartition().selectKey((k, v) -> v).repartition(Repartitioned.as("again")).to("out"));
    golden("two repartitions of one stream", b -> {
      KStream<String, String> stream = in(b, "in");
      stream.repartition(Repartitioned.as("a")).to("a", Produced.with(Serdes.String(), Serdes.String()));
      stream.repartition(Repartitioned.as("b")).to("b", Produced.with(Serdes.String(), Serdes.String()));
    });
    golden("a repartition topic joined into one subtopology with another topic", b ->
        in(b, "in").selectKey((k, v) -> v).repartition().merge(in(b, "other")).peek((k, v) -> {}));
  }

  private static void keyedOperators() {
    golden("a keyed operator without key change", b -> toTable(in(b, "in").filter((k, v) -> true).mapValues(v -> v)));
    golden("a keyed operator after selectKey", b -> toTable(in(b, "in").selectKey((k, v) -> v)));
    golden("a named keyed operator after map", b ->
        in(b, "in").map(KeyValue::pair).mapValues(v -> v).toTable(Named.as("users")));
    golden("keyed operators after every key change", b -> {
      KStream<String, String> stream = in(b, "in");
      toTable(stream.map(KeyValue::pair));
      toTable(stream.flatMap((k, v) -> List.of(KeyValue.pair(k, v))));
      toTable(stream.process(Ignore::new));
      toTable(stream.processValues(IgnoreFixed::new));
      toTable(stream.selectKey((k, v) -> v).repartition());
      toTable(stream.merge(stream.selectKey((k, v) -> v)));
    });
    golden("two keyed operators after one key change", b -> {
      KStream<String, String> stream = in(b, "in").selectKey((k, v) -> v);
      toTable(stream.filter((k, v) -> true));
      toTable(stream);
    });
  }

  private static void optimizedOperators() {
    optimized("optimized: two keyed operators after one key change", b -> {
      KStream<String, String> stream = in(b, "in").selectKey((k, v) -> v);
      toTable(stream.filter((k, v) -> true));
      toTable(stream);
      stream.peek((k, v) -> {});
    });
    optimized("optimized: the first topic's name stays", b -> {
      KStream<String, String> stream = in(b, "in").selectKey((k, v) -> v);
      stream.filter((k, v) -> true).peek((k, v) -> {}).toTable(Named.as("first"));
      stream.filter((k, v) -> true).toTable(Named.as("second"));
    });
    optimized("optimized: a value change keeps topics apart", b -> {
      KStream<String, String> stream = in(b, "in").selectKey((k, v) -> v);
      toTable(stream.mapValues(v -> v));
      toTable(stream.filter((k, v) -> true));
      toTable(stream.flatMapValues(v -> List.of(v)));
    });
    optimized("optimized: one topic after a merge of key changes", b -> {
      KStream<String, String> left = in(b, "in1").selectKey((k, v) -> v);
      KStream<String, String> right = in(b, "in2").selectKey((k, v) -> v);
      KStream<String, String> both = left.merge(right);
      toTable(both);
      toTable(both.filter((k, v) -> true));
    });
    optimized("optimized: two key changes, each with its topic", b -> {
      KStream<String, String> stream = in(b, "in");
      KStream<String, String> one = stream.selectKey((k, v) -> v);
      KStream<String, String> two = stream.map(KeyValue::pair);
      toTable(one);
      toTable(two);
      toTable(one);
      toTable(two);
    });
    optimized("optimized: explicit repartitions stay", b -> {
      KStream<String, String> stream = in(b, "in").selectKey((k, v) -> v);
      stream.repartition(Repartitioned.as("mine")).peek((k, v) -> {});
      toTable(stream);
    });
  }
}
