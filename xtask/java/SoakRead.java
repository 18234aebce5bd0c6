import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the whole log of the soak with Kafka's own consumer, and compares it record by record with what a client was told.
 *
 * <pre>
 * java -cp "LIBS/*" SoakRead.java BOOTSTRAP TOPIC FATES
 * </pre>
 *
 * Prints one JSON object:
 * records in the log; lost: acknowledged and not there; duplicated: copies beyond the first of any record; reordered: records
 * whose first copy stands behind a later record's first copy; lied: "not written", and there; failed: told as failed, of whatever
 * kind; failedWritten: those of them that are there; foreign: that nobody sent, or in another partition.
 */
public class SoakRead {
    private static final class Part {
        final BitSet seen = new BitSet();
        long sent, latest = -1;
        final List<long[]> failed = new ArrayList<>();
    }

    private static final List<String> EXAMPLES = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        String topic = args[1];
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "none");
        properties.put("max.poll.records", "50000");
        properties.put("fetch.max.bytes", String.valueOf(16 << 20));
        properties.put("max.partition.fetch.bytes", String.valueOf(4 << 20));
        long records = 0, duplicated = 0, reordered = 0, foreign = 0;
        Part[] parts;
        try (KafkaConsumer<byte[], byte[]> consumer =
                 new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> open = new ArrayList<>();
            for (PartitionInfo partition : consumer.partitionsFor(topic)) {
                open.add(new TopicPartition(topic, partition.partition()));
            }
            parts = told(Path.of(args[2]), open.size());
            consumer.assign(open);
            consumer.seekToBeginning(open);
            Map<TopicPartition, Long> end = consumer.endOffsets(open);
            long moved = System.nanoTime();
            while (true) {
                open.removeIf(partition -> consumer.position(partition) >= end.get(partition));
                if (open.isEmpty()) {
                    break;
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    moved = System.nanoTime();
                    records++;
                    ByteBuffer value = ByteBuffer.wrap(record.value());
                    Part part = parts[record.partition()];
                    long number = value.getInt() == record.partition() ? value.getLong() : -1;
                    if (number < 0 || number >= part.sent) {
                        foreign++;
                        example("foreign", record, number);
                    } else if (part.seen.get((int) number)) {
                        duplicated++;
                        example("again", record, number);
                    } else {
                        part.seen.set((int) number);
                        if (number < part.latest) {
                            reordered++;
                            example("behind " + part.latest, record, number);
                        }
                        part.latest = Math.max(part.latest, number);
                    }
                }
                if (System.nanoTime() - moved > 60_000_000_000L) {
                    throw new IllegalStateException("nothing came for a minute; not at the end: " + open);
                }
            }
        }
        long lost = 0, lied = 0, failed = 0, failedWritten = 0;
        for (int partition = 0; partition < parts.length; partition++) {
            Part part = parts[partition];
            BitSet pardoned = new BitSet();
            for (long[] run : part.failed) {
                pardoned.set((int) run[0], (int) run[1]);
                BitSet there = part.seen.get((int) run[0], (int) run[1]);
                failed += run[1] - run[0];
                failedWritten += there.cardinality();
                lied += run[2] == 'n' ? there.cardinality() : 0;
            }
            for (int number = part.seen.nextClearBit(0); number < part.sent; number = part.seen.nextClearBit(number + 1)) {
                if (!pardoned.get(number)) {
                    lost++;
                    if (EXAMPLES.size() < 20) {
                        EXAMPLES.add("lost " + partition + ":" + number);
                    }
                }
            }
        }
        System.out.printf("{\"records\":%d,\"lost\":%d,\"duplicated\":%d,\"reordered\":%d,\"lied\":%d,\"failed\":%d,"
                + "\"failedWritten\":%d,\"foreign\":%d,\"examples\":[%s]}%n",
            records, lost, duplicated, reordered, lied, failed, failedWritten, foreign,
            String.join(",", EXAMPLES.stream().map(example -> '"' + example + '"').toList()));
    }

    /** What the client was told, by partition. */
    private static Part[] told(Path fates, int partitions) throws Exception {
        Part[] parts = new Part[partitions];
        for (int partition = 0; partition < partitions; partition++) {
            parts[partition] = new Part();
        }
        for (String line : Files.readAllLines(fates)) {
            String[] words = line.split(" ");
            Part part = parts[Integer.parseInt(words[1])];
            if (words[0].equals("sent")) {
                part.sent = Long.parseLong(words[2]);
            } else {
                part.failed.add(new long[] {Long.parseLong(words[2]), Long.parseLong(words[3]), words[0].charAt(0)});
            }
        }
        return parts;
    }

    private static void example(String what, ConsumerRecord<byte[], byte[]> record, long number) {
        if (EXAMPLES.size() < 20) {
            EXAMPLES.add(what + " " + record.partition() + ":" + number + " at " + record.offset());
        }
    }
}
