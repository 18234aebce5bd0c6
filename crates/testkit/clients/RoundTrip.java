import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes with Kafka's own idempotent producer, once with each codec, and reads all of it back with Kafka's own consumer
 * under assigned partitions. Exits with 1 on the first record that is missing, doubled or somewhere else.
 *
 * <pre>java -cp "LIBS/*" RoundTrip.java BOOTSTRAP TOPIC [PAUSE]</pre>
 *
 * With a pause, in milliseconds after each record, only without compression: so that something can happen to brokers.
 */
public class RoundTrip {
    private static final int RECORDS = 1000;

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        long pause = arguments.length > 2 ? Long.parseLong(arguments[2]) : 0;
        for (String codec : pause > 0 ? List.of("none") : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            String topic = arguments[1] + "-" + codec;
            int records = compare(codec, write(bootstrap, topic, codec, pause), read(bootstrap, topic));
            System.out.println("java " + codec + ": " + records + " records written, acknowledged and read back");
        }
    }

    private static List<RecordMetadata> write(String bootstrap, String topic, String codec, long pause)
            throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("compression.type", codec);
        properties.put("linger.ms", "2");
        properties.put("delivery.timeout.ms", "20000");
        properties.put("request.timeout.ms", "5000");
        List<Future<RecordMetadata>> deliveries = new ArrayList<>();
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < RECORDS; i++) {
                ProducerRecord<String, String> record = new ProducerRecord<>(topic, "key-" + i, "value-" + i);
                record.headers().add("number", Integer.toString(i).getBytes());
                deliveries.add(producer.send(record));
                Thread.sleep(pause);
            }
        }
        List<RecordMetadata> acknowledged = new ArrayList<>();
        for (Future<RecordMetadata> delivery : deliveries) {
            acknowledged.add(delivery.get());
        }
        return acknowledged;
    }

    private static List<ConsumerRecord<String, String>> read(String bootstrap, String topic) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("enable.auto.commit", "false");
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (PartitionInfo partition : consumer.partitionsFor(topic)) {
                partitions.add(new TopicPartition(topic, partition.partition()));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long total = consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
            long deadline = System.currentTimeMillis() + 20_000;
            while (records.size() < total && System.currentTimeMillis() < deadline) {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            }
        }
        return records;
    }

    private static int compare(
            String codec, List<RecordMetadata> acknowledged, List<ConsumerRecord<String, String>> records) {
        if (records.size() != RECORDS) {
            fail(codec + ": " + records.size() + " records read, " + RECORDS + " written");
        }
        for (ConsumerRecord<String, String> record : records) {
            int number = Integer.parseInt(record.key().substring("key-".length()));
            RecordMetadata expected = acknowledged.get(number);
            boolean there = expected.partition() == record.partition() && expected.offset() == record.offset();
            boolean same = record.value().equals("value-" + number)
                    && new String(record.headers().lastHeader("number").value()).equals(Integer.toString(number))
                    && record.timestamp() == expected.timestamp();
            if (!there || !same) {
                fail(codec + ": acknowledged at " + expected + ", read " + record);
            }
        }
        return records.size();
    }

    private static void fail(String why) {
        System.err.println(why);
        System.exit(1);
    }
}
