import java.nio.file.*;
import java.util.*;
import org.apache.avro.*;

/**
 * Writes parsing.txt again: before each of its texts, 1 if Apache Avro's parser takes it, else 0. Started as Compatible.java.
 */
class Parsing {
    public static void main(String[] arguments) throws Exception {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("parsing.txt"))) {
            String text = line.substring(2);
            lines.add((takes(text) ? "1" : "0") + "\t" + text);
        }
        Files.write(Path.of("parsing.txt"), lines);
    }

    static boolean takes(String text) {
        try {
            new Schema.Parser().parse(text);
            return true;
        } catch (RuntimeException refused) {
            return false;
        }
    }
}
