import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Compares a topic, read with Kafka's own consumer, with the file of lines (KEY TAB VALUE) that was sent to it.
 *
 * <pre>
 * java -cp "LIBS/*" CompareTopic.java FILE BOOTSTRAP TOPIC [OTHER]
 * </pre>
 *
 * Every line must be there once, and the values of a key in the file's order and in one partition; with OTHER, a topic
 * that holds the same keys, in the same partition as there.
 *
 * Prints {"records":…,"missing":…,"duplicates":…,"disorder":…,"foreign":…,"misplaced":…,"examples":[…]}: missing lines;
 * records that are there again; records behind one that should follow them; records that no line has; keys in two
 * partitions, or in another than in OTHER. Exit status: 0 if all but the first are 0, else 1.
 */
public class CompareTopic {
    /** What the file says about one key: its lines, and how far the topic has come with them. */
    private static final class Key {
        final List<Integer> lines = new ArrayList<>();
        int next;
        /** Lines that were passed over: missing, unless they come late. */
        final Set<Integer> passed = new HashSet<>();
        int partition = -1;
    }

    private final byte[] file;
    /** Where each line begins; one more than there are lines. */
    private int[] begins = new int[1 << 16];
    private final Map<String, Key> keys = new HashMap<>();
    private final List<String> examples = new ArrayList<>();
    private long records, missing, duplicates, disorder, foreign, misplaced;

    public static void main(String[] args) throws Exception {
        CompareTopic comparison = new CompareTopic(Files.readAllBytes(Path.of(args[0])));
        read(args[1], args[2], comparison::see);
        comparison.countMissing();
        if (args.length > 3) {
            Map<String, Integer> partitions = new HashMap<>();
            read(args[1], args[3], r -> partitions.put(text(r.key()), r.partition()));
            comparison.comparePartitions(partitions);
        }
        System.out.println(comparison.json());
        System.exit(comparison.wrong() > 0 ? 1 : 0);
    }

    private CompareTopic(byte[] file) {
        this.file = file;
        int line = 0;
        for (int at = 0; at < file.length; line++) {
            if (line + 1 >= begins.length) {
                begins = Arrays.copyOf(begins, 2 * begins.length);
            }
            begins[line] = at;
            keys.computeIfAbsent(text(Arrays.copyOfRange(file, at, tab(at))), k -> new Key()).lines.add(line);
            while (at < file.length && file[at] != '\n') {
                at++;
            }
            begins[line + 1] = ++at;
        }
    }

    private int tab(int at) {
        while (file[at] != '\t') {
            at++;
        }
        return at;
    }

    /** Bytes as a string that can be a map's key: one character a byte, nothing is lost. */
    private static String text(byte[] bytes) {
        return bytes == null ? "null" : new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private boolean is(int line, byte[] value) {
        int from = tab(begins[line]) + 1;
        return value != null && Arrays.equals(file, from, begins[line + 1] - 1, value, 0, value.length);
    }

    private void see(ConsumerRecord<byte[], byte[]> r) {
        records++;
        Key key = keys.get(text(r.key()));
        if (key == null) {
            foreign++;
            example("foreign key", r);
            return;
        }
        if (key.partition >= 0 && key.partition != r.partition()) {
            misplaced++;
            example("key also in partition " + key.partition, r);
        }
        key.partition = r.partition();
        for (int i = key.next; i < key.lines.size(); i++) {
            if (is(key.lines.get(i), r.value())) {
                if (i > key.next) {
                    example("after " + (i - key.next) + " lines that are not there yet", r);
                }
                for (int skipped = key.next; skipped < i; skipped++) {
                    key.passed.add(skipped);
                }
                key.next = i + 1;
                return;
            }
        }
        seeAgain(key, r);
    }

    /** A record that is none of the lines to come. */
    private void seeAgain(Key key, ConsumerRecord<byte[], byte[]> r) {
        for (int i : key.passed) {
            if (is(key.lines.get(i), r.value())) {
                key.passed.remove(i);
                disorder++;
                example("late", r);
                return;
            }
        }
        for (int i = 0; i < key.next; i++) {
            if (is(key.lines.get(i), r.value())) {
                duplicates++;
                example("again", r);
                return;
            }
        }
        foreign++;
        example("foreign value", r);
    }

    private void countMissing() {
        for (Map.Entry<String, Key> e : keys.entrySet()) {
            Key key = e.getValue();
            long absent = key.passed.size() + key.lines.size() - key.next;
            missing += absent;
            if (absent > 0 && examples.size() < 20) {
                int first = key.passed.stream().min(Integer::compare).orElse(key.next);
                examples.add(absent + " missing of key " + e.getKey() + ", the first is line " + (key.lines.get(first) + 1));
            }
        }
    }

    private void comparePartitions(Map<String, Integer> partitions) {
        for (Map.Entry<String, Key> e : keys.entrySet()) {
            Integer other = partitions.get(e.getKey());
            if (other == null || other != e.getValue().partition) {
                misplaced++;
                if (examples.size() < 20) {
                    examples.add("key " + e.getKey() + " in partition " + e.getValue().partition + ", other topic " + other);
                }
            }
        }
    }

    private void example(String what, ConsumerRecord<byte[], byte[]> r) {
        if (examples.size() < 20) {
            examples.add(what + ": key " + text(r.key()) + " at " + r.partition() + "@" + r.offset());
        }
    }

    private long wrong() {
        return missing + duplicates + disorder + foreign + misplaced;
    }

    private String json() {
        StringBuilder list = new StringBuilder();
        for (String example : examples) {
            list.append(list.length() == 0 ? "" : ",").append('"');
            list.append(example.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
        }
        return String.format("{\"records\":%d,\"missing\":%d,\"duplicates\":%d,\"disorder\":%d,\"foreign\":%d,"
            + "\"misplaced\":%d,\"examples\":[%s]}", records, missing, duplicates, disorder, foreign, misplaced, list);
    }

    /** From the first record to the last one there now, with no group. */
    private static void read(String bootstrap, String topic, Consumer<ConsumerRecord<byte[], byte[]>> see) {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        p.put("enable.auto.commit", "false");
        p.put("auto.offset.reset", "none");
        p.put("allow.auto.create.topics", "false");
        p.put("max.poll.records", "10000");
        p.put("max.partition.fetch.bytes", String.valueOf(8 << 20));
        try (KafkaConsumer<byte[], byte[]> consumer =
                 new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> open = new ArrayList<>();
            for (PartitionInfo info : consumer.partitionsFor(topic)) {
                open.add(new TopicPartition(topic, info.partition()));
            }
            consumer.assign(open);
            consumer.seekToBeginning(open);
            Map<TopicPartition, Long> end = consumer.endOffsets(open);
            long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
            while (true) {
                open.removeIf(tp -> consumer.position(tp) >= end.get(tp));
                if (open.isEmpty()) {
                    return;
                }
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("after five minutes not at the end of " + open);
                }
                for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(200))) {
                    see.accept(r);
                }
            }
        }
    }
}
