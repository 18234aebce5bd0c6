import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * What the Java producer says to settings: one line `name=value;name=value` in, the same line with its verdict out.
 * `ok` is followed by the values that hold after the checks: idempotence, acks, reconnect.backoff.max.ms, delivery timeout.
 *
 *     grep -v '^#' config-verdicts-4.3.1.txt | sed 's/ -> .*$//' | java -cp 'JARS/*' ConfigVerdicts.java
 *
 * where JARS holds kafka-clients and what it depends on (`cargo xtask` can fetch them).
 */
public class ConfigVerdicts {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            Properties properties = new Properties();
            properties.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
            properties.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
            for (String setting : line.split(";")) {
                int sign = setting.indexOf('=');
                properties.put(setting.substring(0, sign), setting.substring(sign + 1));
            }
            if (properties.remove("none") == null) properties.putIfAbsent("bootstrap.servers", "127.0.0.1:9");
            System.out.println(line + " -> " + verdict(properties));
        }
    }

    static String verdict(Properties properties) throws Exception {
        try (KafkaProducer<?, ?> producer = new KafkaProducer<>(properties)) {
            ProducerConfig config = (ProducerConfig) read(producer, "producerConfig");
            String values = "ok " + config.getBoolean("enable.idempotence") + " " + config.getString("acks") + " "
                + config.getLong("reconnect.backoff.max.ms") + " "
                + read(read(producer, "accumulator"), "deliveryTimeoutMs");
            producer.close(Duration.ZERO);
            return values;
        } catch (org.apache.kafka.common.KafkaException refused) {
            return "refused";
        }
    }

    static Object read(Object owner, String name) throws Exception {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }
}
