import java.io.FileWriter;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own producer in the soak: sends numbered records as fast as it can until its input ends.
 *
 * <pre>
 * java -cp "LIBS/*" SoakSend.java BOOTSTRAP TOPIC PARTITIONS VALUE-BYTES RECORDS FATES [property=value…]
 * </pre>
 *
 * A value is its partition (4 bytes), its number within it (8 bytes), and zeros. FATES gets the lines that
 * xtask/src/prove/soak/fates.rs describes. Prints {"records":…,"acknowledged":…,"seconds":…}.
 */
public class SoakSend {
    private static final byte ACKNOWLEDGED = 1;
    private static final byte FAILED = 2;

    public static void main(String[] args) throws Exception {
        String topic = args[1];
        int partitions = Integer.parseInt(args[2]);
        int size = Integer.parseInt(args[3]);
        int limit = Integer.parseInt(args[4]);
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        properties.put("max.block.ms", "150000");
        for (String property : Arrays.copyOfRange(args, 6, args.length)) {
            int equals = property.indexOf('=');
            properties.put(property.substring(0, equals), property.substring(equals + 1));
        }
        byte[] fates = new byte[limit];
        AtomicLong acknowledged = new AtomicLong();
        AtomicLong failed = new AtomicLong();
        Thread input = new Thread(SoakSend::untilInputEnds);
        input.start();
        long begun = System.nanoTime();
        double seconds;
        int sent = 0;
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        while (sent < limit && input.isAlive()) {
            int number = sent;
            byte[] value = new byte[size];
            ByteBuffer.wrap(value).putInt(number % partitions).putLong(number / partitions);
            producer.send(new ProducerRecord<>(topic, number % partitions, null, value), (metadata, error) -> {
                // A place of its own for each record: nobody else writes there.
                fates[number] = error == null ? ACKNOWLEDGED : FAILED;
                if (error == null) {
                    acknowledged.incrementAndGet();
                } else if (failed.getAndIncrement() < 5) {
                    System.err.println("record " + number + ": " + error);
                }
            });
            sent++;
        }
        seconds = (System.nanoTime() - begun) / 1e9;
        producer.close(java.time.Duration.ofSeconds(150));
        try (PrintWriter out = new PrintWriter(new FileWriter(args[5]))) {
            for (int partition = 0; partition < partitions; partition++) {
                write(out, fates, sent, partition, partitions);
            }
        }
        System.out.printf("{\"records\":%d,\"acknowledged\":%d,\"seconds\":%.1f}%n", sent, acknowledged.get(), seconds);
        System.exit(0);
    }

    private static void write(PrintWriter out, byte[] fates, int sent, int partition, int partitions) {
        long count = 0;
        long from = -1;
        for (int number = partition; number < sent; number += partitions) {
            boolean acknowledged = fates[number] == ACKNOWLEDGED;
            if (!acknowledged && from < 0) {
                from = count;
            } else if (acknowledged && from >= 0) {
                out.println("failed " + partition + " " + from + " " + count);
                from = -1;
            }
            count++;
        }
        if (from >= 0) {
            out.println("failed " + partition + " " + from + " " + count);
        }
        out.println("sent " + partition + " " + count);
    }

    private static void untilInputEnds() {
        try {
            while (System.in.read() >= 0) {
            }
        } catch (java.io.IOException e) {
            // Ended too.
        }
    }
}
