import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;

/** Prints random topologies, one JSON object a line: the calls that build it, and what describe() says. */
public final class RandomTopologies {
  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

  public static void main(String[] args) {
    Random random = new Random(20240602);
    for (int i = 0; i < 150; i++) {
      Topology topology = new Topology();
      List<String> calls = new ArrayList<>();
      List<String> parents = new ArrayList<>();
      int nodes = 2 + random.nextInt(i < 100 ? 14 : 40);
      int topics = 0;
      for (int n = 0; n < nodes; n++) {
        String name = name(random, n);
        int kind = random.nextInt(10);
        if (n == 0 || kind == 0) {
          int count = random.nextInt(8) == 0 ? 1 + random.nextInt(30) : 1;
          String[] names = new String[count];
          for (int t = 0; t < count; t++) names[t] = "topic" + i + "." + topics++;
          topology.addSource(name, names);
          calls.add("[\"source\", \"" + name + "\", " + json(List.of(names)) + "]");
          parents.add(name);
        } else {
          Set<String> chosen = new LinkedHashSet<>();
          int count = random.nextInt(5) == 0 ? 1 + random.nextInt(4) : 1;
          for (int p = 0; p < count; p++) chosen.add(parents.get(random.nextInt(parents.size())));
          String[] names = chosen.toArray(new String[0]);
          if (kind < 8) {
            topology.addProcessor(name, Ignore::new, names);
            parents.add(name);
            calls.add("[\"processor\", \"" + name + "\", " + json(chosen) + "]");
          } else {
            topology.addSink(name, "out" + n, names);
            calls.add("[\"sink\", \"" + name + "\", " + json(chosen) + ", \"out" + n + "\"]");
          }
        }
      }
      String text = topology.describe().toString().replace("\n", "\\n");
      System.out.println("{\"calls\": [" + String.join(", ", calls) + "], \"describe\": \"" + text + "\"}");
    }
  }

  private static String name(Random random, int n) {
    if (random.nextInt(2) == 0) return String.format("KSTREAM-MAP-%010d", n);
    StringBuilder name = new StringBuilder();
    int length = 1 + random.nextInt(6);
    for (int i = 0; i < length; i++) name.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    return name.append('-').append(n).toString();
  }

  private static String json(Iterable<String> names) {
    return "[\"" + String.join("\", \"", names) + "\"]";
  }

  private static final class Ignore implements Processor<Object, Object, Object, Object> {
    @Override
    public void process(Record<Object, Object> record) {}
  }
}
