import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.utils.Utils;

/** Prints one line per key: hex bytes, murmur2, and the partition for each partition count in the first line. */
public final class PartitionVectors {
  private static final int[] COUNTS = {1, 2, 3, 6, 7, 12, 50, 100, 1000};

  public static void main(String[] args) {
    List<byte[]> keys = new ArrayList<>();
    for (String text : new String[] {
        "", "21", "foobar", "a-little-bit-long-string", "a-little-bit-longer-string",
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", "abc", "Zürich", "日本語", "\ud83d\ude80", "a\u0000b", " ", "null"}) {
      keys.add(text.getBytes(StandardCharsets.UTF_8));
    }
    Random random = new Random(20240601);
    for (int length = 0; length < 16; length++) keys.add(bytes(random, length));
    for (int i = 0; i < 101; i++) keys.add(bytes(random, random.nextInt(301)));
    for (int i = 0; i < 60; i++) keys.add(text(random).getBytes(StandardCharsets.UTF_8));
    byte[] ones = new byte[9];
    java.util.Arrays.fill(ones, (byte) 0xff);
    for (int length = 0; length < 10; length++) keys.add(java.util.Arrays.copyOf(ones, length));

    StringBuilder header = new StringBuilder("key\tmurmur2");
    for (int count : COUNTS) header.append("\tof").append(count);
    System.out.println(header);
    for (byte[] key : keys) {
      StringBuilder line = new StringBuilder(HexFormat.of().formatHex(key)).append('\t').append(Utils.murmur2(key));
      for (int count : COUNTS) line.append('\t').append(Utils.toPositive(Utils.murmur2(key)) % count);
      System.out.println(line);
    }
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int length = 1 + random.nextInt(40);
    for (int i = 0; i < length; i++) {
      int codePoint = switch (random.nextInt(4)) {
        case 0 -> 0x20 + random.nextInt(0x5f);
        case 1 -> 0xa0 + random.nextInt(0x260);
        case 2 -> 0x4e00 + random.nextInt(0x5000);
        default -> 0x1f300 + random.nextInt(0x300);
      };
      text.appendCodePoint(codePoint);
    }
    return text.toString();
  }
}
