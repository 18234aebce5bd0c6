import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends a file of lines, KEY TAB VALUE, with the Java producer.
 *
 * <pre>
 * java -cp "LIBS/*" SendLines.java FILE TOPIC bootstrap.servers=HOST:PORT [property=value…]
 * </pre>
 *
 * Prints {"records":…,"acknowledged":…,"seconds":…}. Exit status: 0 if every record was acknowledged, else 1.
 */
public class SendLines {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        for (String property : Arrays.copyOfRange(args, 2, args.length)) {
            int equals = property.indexOf('=');
            properties.put(property.substring(0, equals), property.substring(equals + 1));
        }
        AtomicLong acknowledged = new AtomicLong();
        long records = 0;
        long begun = System.nanoTime();
        try (InputStream in = new BufferedInputStream(new FileInputStream(args[0]), 1 << 20);
             KafkaProducer<byte[], byte[]> producer =
                 new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            Lines lines = new Lines(in);
            while (lines.next()) {
                producer.send(new ProducerRecord<>(args[1], lines.key(), lines.value()), (metadata, error) -> {
                    if (error == null) {
                        acknowledged.incrementAndGet();
                    } else {
                        System.err.println(error);
                    }
                });
                records++;
            }
            producer.flush();
        }
        System.out.printf("{\"records\":%d,\"acknowledged\":%d,\"seconds\":%.2f}%n",
            records, acknowledged.get(), (System.nanoTime() - begun) / 1e9);
        System.exit(acknowledged.get() == records ? 0 : 1);
    }

    /** Bytes between line ends, cut at their first tab: no character set has a say in what is sent. */
    private static final class Lines {
        private final InputStream in;
        private byte[] line = new byte[1 << 16];
        private int length;

        Lines(InputStream in) {
            this.in = in;
        }

        boolean next() throws Exception {
            length = 0;
            for (int b = in.read(); b != '\n'; b = in.read()) {
                if (b < 0) {
                    return length > 0;
                }
                if (length == line.length) {
                    line = Arrays.copyOf(line, 2 * length);
                }
                line[length++] = (byte) b;
            }
            return true;
        }

        private int tab() {
            int at = 0;
            while (line[at] != '\t') {
                at++;
            }
            return at;
        }

        byte[] key() {
            return Arrays.copyOf(line, tab());
        }

        byte[] value() {
            return Arrays.copyOfRange(line, tab() + 1, length);
        }
    }
}
