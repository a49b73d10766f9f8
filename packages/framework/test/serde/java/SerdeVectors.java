import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.kafka.common.serialization.*;

/** Prints one JSON line per vector: serde, value (as text), bytes (hex) as Kafka's own serializers make them. */
public final class SerdeVectors {
  private static final List<String> LINES = new ArrayList<>();

  private static <T> void add(String serde, Serializer<T> serializer, T value, String text) {
    LINES.add("  { \"serde\": \"" + serde + "\", \"value\": " + text + ", \"hex\": \"" + HexFormat.of().formatHex(serializer.serialize("t", value)) + "\" }");
  }

  private static String quote(String s) {
    StringBuilder b = new StringBuilder("\"");
    for (char c : s.toCharArray()) b.append(c < 32 || c > 126 || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
    return b.append('"').toString();
  }

  public static void main(String[] args) {
    for (short v : new short[] {0, 1, -1, 258, Short.MAX_VALUE, Short.MIN_VALUE}) add("int16", new ShortSerializer(), v, quote("" + v));
    for (int v : new int[] {0, 1, -1, 16909060, Integer.MAX_VALUE, Integer.MIN_VALUE}) add("int32", new IntegerSerializer(), v, quote("" + v));
    for (long v : new long[] {0, 1, -1, 4294967296L, -4294967297L, 1735689600000L, 9007199254740991L, -9007199254740991L})
      add("int64", new LongSerializer(), v, quote("" + v));
    for (long v : new long[] {0, -1, 1L << 60, Long.MAX_VALUE, Long.MIN_VALUE}) add("bigint64", new LongSerializer(), v, quote("" + v));
    for (float v : new float[] {0f, -0f, 1.5f, -3.25f, Float.MAX_VALUE, Float.MIN_VALUE, Float.POSITIVE_INFINITY, Float.NaN})
      add("float32", new FloatSerializer(), v, quote(Float.isNaN(v) || Float.isInfinite(v) ? "" + v : "" + (double) v));
    for (double v : new double[] {0d, -0d, 0.1, -1234.5678, Math.PI, Double.MAX_VALUE, Double.MIN_VALUE, Double.NEGATIVE_INFINITY, Double.NaN})
      add("float64", new DoubleSerializer(), v, quote("" + v));
    for (boolean v : new boolean[] {true, false}) add("boolean", new BooleanSerializer(), v, quote("" + v));
    for (String v : new String[] {"", "abc", "Zürich", "日本", "\ud83d\ude80 launch", "a\u0000b", "line\nbreak \"quoted\""}) add("string", new StringSerializer(), v, quote(v));
    for (String v : new String[] {"00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426614174000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"})
      add("uuid", new UUIDSerializer(), UUID.fromString(v), quote(v));
    add("list:int32", new ListSerializer<>(new IntegerSerializer()), List.of(1, -2, 3), "[\"1\", \"-2\", \"3\"]");
    add("list:int32", new ListSerializer<>(new IntegerSerializer()), Arrays.asList(1, null, 3, null), "[\"1\", null, \"3\", null]");
    add("list:int32", new ListSerializer<>(new IntegerSerializer()), List.of(), "[]");
    add("list:string", new ListSerializer<>(new StringSerializer()), Arrays.asList("a", null, "", "Zürich"), "[\"a\", null, \"\", " + quote("Zürich") + "]");
    add("list:uuid", new ListSerializer<>(new UUIDSerializer()), List.of(UUID.fromString("123e4567-e89b-12d3-a456-426614174000")), "[\"123e4567-e89b-12d3-a456-426614174000\"]");
    add("list:boolean", new ListSerializer<>(new BooleanSerializer()), Arrays.asList(true, null), "[\"true\", null]");
    System.out.println("[\n" + String.join(",\n", LINES) + "\n]");
  }
}
