import java.util.HexFormat;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.kstream.internals.Change;
import org.apache.kafka.streams.kstream.internals.ChangedDeserializer;
import org.apache.kafka.streams.kstream.internals.ChangedSerializer;

/** Prints changes of strings as Kafka Streams writes them to the repartition topic of a grouped table: old, new, bytes. */
public final class ChangeVectors {
  public static void main(String[] args) {
    String[] values = {null, "", "a", "value", "x".repeat(63), "y".repeat(64), "é", "w".repeat(8192)};
    try (var serializer = new ChangedSerializer<>(new StringSerializer());
        var deserializer = new ChangedDeserializer<>(new StringDeserializer())) {
      for (String oldValue : values) {
        for (String newValue : values) {
          if (oldValue == null && newValue == null) continue;
          if (newValue != null && newValue.length() > 100 && !"a".equals(oldValue)) continue;
          if (oldValue != null && oldValue.length() > 100) continue;
          byte[] bytes = serializer.serialize("t", new Change<>(newValue, oldValue));
          if (!deserializer.deserialize("t", bytes).equals(new Change<>(newValue, oldValue))) throw new AssertionError();
          System.out.println(text(oldValue) + "\t" + text(newValue) + "\t" + HexFormat.of().formatHex(bytes));
        }
      }
    }
  }

  private static String text(String value) {
    return value == null ? "null" : "'" + value + "'";
  }
}
