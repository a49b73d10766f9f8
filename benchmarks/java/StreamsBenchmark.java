import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The Kafka Streams side of the benchmarks `stateless` and `state`: one stream thread, RocksDB. The last line of its output is JSON. */
public final class StreamsBenchmark {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final OperatingSystemMXBean OS = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  public static final class Order {
    public long id;
    public String type;
    public String user;
    public String page;
    public double amount;
    public long at;
  }

  public static final class Totals {
    public long count;
    public double sum;

    public Totals() {}

    Totals(long count, double sum) {
      this.count = count;
      this.sum = sum;
    }
  }

  private static final class Idle implements Processor<String, byte[], Void, Void> {
    @Override
    public void process(Record<String, byte[]> record) {}
  }

  private record Mark(long records, long nanos, long cpuNanos) {
    static Mark at(long records) {
      return new Mark(records, System.nanoTime(), OS.getProcessCpuTime());
    }
  }

  private static final long COMMIT_LOOK_MS = 10;

  private static long expected;
  private static long seen;
  private static Mark first;
  private static Mark middle;
  private static final CountDownLatch last = new CountDownLatch(1);

  public static void main(String[] args) throws Exception {
    JsonNode job = JSON.readTree(System.getenv("MILLRACE_BENCH_JOB"));
    switch (job.get("work").asText()) {
      case "stateless" -> stateless(job);
      case "restore" -> restore(job);
      default -> aggregate(job);
    }
  }

  private static void stateless(JsonNode job) throws Exception {
    StreamsBuilder builder = new StreamsBuilder();
    builder
        .stream(job.get("inputTopic").asText(), Consumed.with(Serdes.ByteArray(), json(Order.class)))
        .filter(
            (key, order) -> {
              count();
              return !order.type.equals("view");
            })
        .mapValues(
            order -> {
              order.amount *= 1.19;
              return order;
            })
        .to(job.get("outputTopic").asText(), Produced.with(Serdes.ByteArray(), json(Order.class)));
    measure(builder, job);
  }

  private static void aggregate(JsonNode job) throws Exception {
    Serde<Totals> totals = json(Totals.class);
    StreamsBuilder builder = new StreamsBuilder();
    builder
        .stream(job.get("inputTopic").asText(), Consumed.with(Serdes.String(), json(Order.class)))
        .groupByKey(Grouped.with(Serdes.String(), json(Order.class)))
        .aggregate(
            Totals::new,
            (user, order, sum) -> {
              count();
              return new Totals(sum.count + 1, sum.sum + order.amount);
            },
            Materialized.<String, Totals, KeyValueStore<Bytes, byte[]>>as("totals")
                .withKeySerde(Serdes.String())
                .withValueSerde(totals))
        .toStream()
        .to(job.get("outputTopic").asText(), Produced.with(Serdes.String(), totals));
    measure(builder, job);
  }

  /** Runs until every input record is processed and committed. */
  private static void measure(StreamsBuilder builder, JsonNode job) throws Exception {
    expected = job.get("records").asLong();
    KafkaStreams streams = new KafkaStreams(builder.build(), settings(job));
    Admin admin = Admin.create(Map.of("bootstrap.servers", job.get("bootstrapServers").asText()));
    start(streams);
    last.await();
    // Closing commits at once; what comes after that is no part of the measured work.
    Thread closing = new Thread(() -> streams.close(Duration.ofMinutes(2)));
    closing.start();
    while (committed(admin, job) < expected) Thread.sleep(COMMIT_LOOK_MS);
    Mark end = Mark.at(seen);
    closing.join();
    System.out.printf(
        Locale.ROOT, "{\"whole\":%s,\"warm\":%s,\"maxRssMiB\":0}%n", stretch(first, end), stretch(middle, end));
    System.exit(0);
  }

  private static void restore(JsonNode job) throws Exception {
    int partitions = job.get("partitions").asInt();
    AtomicLong startNanos = new AtomicLong();
    AtomicLong startCpuNanos = new AtomicLong();
    AtomicLong restored = new AtomicLong();
    CountDownLatch done = new CountDownLatch(partitions);
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("table"), Serdes.String(), Serdes.ByteArray()));
    builder
        .stream(job.get("inputTopic").asText(), Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .process(Idle::new, "table");
    KafkaStreams streams = new KafkaStreams(builder.build(), settings(job));
    streams.setGlobalStateRestoreListener(
        new StateRestoreListener() {
          @Override
          public void onRestoreStart(TopicPartition partition, String store, long from, long to) {
            if (startNanos.compareAndSet(0, System.nanoTime())) startCpuNanos.set(OS.getProcessCpuTime());
          }

          @Override
          public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

          @Override
          public void onRestoreEnd(TopicPartition partition, String store, long total) {
            restored.addAndGet(total);
            done.countDown();
          }
        });
    start(streams);
    done.await();
    double seconds = (System.nanoTime() - startNanos.get()) / 1e9;
    double cpuMicros = (OS.getProcessCpuTime() - startCpuNanos.get()) / 1e3;
    streams.close(Duration.ofMinutes(2));
    System.out.printf(Locale.ROOT, "%s%n", figures(restored.get(), seconds, cpuMicros));
    System.exit(0);
  }

  private static long committed(Admin admin, JsonNode job) throws Exception {
    String topic = job.get("inputTopic").asText();
    return admin
        .listConsumerGroupOffsets(job.get("groupId").asText())
        .partitionsToOffsetAndMetadata()
        .get()
        .entrySet()
        .stream()
        .filter(entry -> entry.getKey().topic().equals(topic) && entry.getValue() != null)
        .mapToLong(entry -> entry.getValue().offset())
        .sum();
  }

  private static void start(KafkaStreams streams) {
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
  }

  private static Properties settings(JsonNode job) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, job.get("groupId").asText());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, job.get("bootstrapServers").asText());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, job.get("stateDir").asText());
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, job.get("guarantee").asText());
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, job.get("commitIntervalMs").asLong());
    if (!job.get("caching").asBoolean()) settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0L);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), job.get("lingerMs").asInt());
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), job.get("maxBufferedBytes").asLong());
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), job.get("pollRecords").asInt());
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    return settings;
  }

  /** As the stopwatch of the other side: marks before the first and before the middle record. */
  private static void count() {
    if (seen == 0) first = Mark.at(0);
    else if (seen == expected / 2) middle = Mark.at(seen);
    if (++seen == expected) last.countDown();
  }

  private static String stretch(Mark from, Mark to) {
    return figures(to.records - from.records, (to.nanos - from.nanos) / 1e9, (to.cpuNanos - from.cpuNanos) / 1e3);
  }

  private static String figures(long records, double seconds, double cpuMicros) {
    return String.format(
        Locale.ROOT,
        "{\"records\":%d,\"seconds\":%.4f,\"recordsPerSecond\":%.1f,\"cpuMicrosPerRecord\":%.3f}",
        records, seconds, records / seconds, cpuMicros / records);
  }

  private static <T> Serde<T> json(Class<T> type) {
    Serializer<T> serializer =
        (topic, value) -> {
          try {
            return value == null ? null : JSON.writeValueAsBytes(value);
          } catch (Exception error) {
            throw new IllegalStateException(error);
          }
        };
    Deserializer<T> deserializer =
        (topic, bytes) -> {
          try {
            return bytes == null ? null : JSON.readValue(bytes, type);
          } catch (Exception error) {
            throw new IllegalStateException(error);
          }
        };
    return Serdes.serdeFrom(serializer, deserializer);
  }
}
