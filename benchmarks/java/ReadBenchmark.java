import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The Java consumer's side of the benchmark `read`: reads all partitions of a topic once. The last line of its output is JSON. */
public final class ReadBenchmark {
  private static final OperatingSystemMXBean OS = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private record Mark(long records, long nanos, long cpuNanos) {
    static Mark at(long records) {
      return new Mark(records, System.nanoTime(), OS.getProcessCpuTime());
    }
  }

  public static void main(String[] args) throws Exception {
    JsonNode job = new ObjectMapper().readTree(System.getenv("MILLRACE_BENCH_JOB"));
    long expected = job.get("records").asLong();
    String topic = job.get("inputTopic").asText();
    List<TopicPartition> partitions =
        IntStream.range(0, job.get("partitions").asInt()).mapToObj(i -> new TopicPartition(topic, i)).toList();
    long seen = 0;
    long bytes = 0;
    long nextMark = 1;
    Mark first = null;
    Mark middle = null;
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings(job))) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (seen < expected) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          if (++seen == nextMark) {
            // Before the record that it names is processed.
            Mark mark = Mark.at(seen - 1);
            if (first == null) first = mark;
            else middle = mark;
            nextMark = first == mark ? expected / 2 + 1 : Long.MAX_VALUE;
          }
          bytes += record.key().length + record.value().length;
        }
      }
    }
    Mark end = Mark.at(seen);
    System.out.printf(
        Locale.ROOT,
        "{\"whole\":%s,\"warm\":%s,\"maxRssMiB\":0,\"bytes\":%d}%n",
        stretch(first, end),
        stretch(middle, end),
        bytes);
  }

  private static Map<String, Object> settings(JsonNode job) {
    return Map.of(
        "bootstrap.servers", job.get("bootstrapServers").asText(),
        "key.deserializer", ByteArrayDeserializer.class,
        "value.deserializer", ByteArrayDeserializer.class,
        "enable.auto.commit", false,
        "isolation.level", "read_committed",
        "max.poll.records", job.get("pollRecords").asInt());
  }

  private static String stretch(Mark from, Mark to) {
    long records = to.records() - from.records();
    double seconds = (to.nanos() - from.nanos()) / 1e9;
    return String.format(
        Locale.ROOT,
        "{\"records\":%d,\"seconds\":%f,\"recordsPerSecond\":%f,\"cpuMicrosPerRecord\":%f}",
        records,
        seconds,
        records / seconds,
        (to.cpuNanos() - from.cpuNanos()) / 1e3 / records);
  }
}
