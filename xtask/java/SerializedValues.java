import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.Bytes;

/**
 * Values as text, through Kafka's own serializers and deserializers.
 *
 * <pre>
 * SerializedValues write                   lines `CLASS TAB VALUE` in, the bytes in hexadecimal out, or `null`
 * SerializedValues read BOOTSTRAP TOPIC N  the first N records of partition 0, each deserialized by the class that its
 *                                          header `class` names: `CLASS TAB VALUE`
 * </pre>
 *
 * CLASS is a serializer without its `Serializer`, `String/ENCODING`, or `List/` and one of those. VALUE is `~` for null; text
 * with backslash, comma and what is not printable ASCII as \\uXXXX; bytes in hexadecimal; a NaN as `bits:` and its bits in
 * hexadecimal; entries of a list between commas.
 */
public class SerializedValues {
    /** How a class's values are read from text, shown as text, and turned into bytes and back. */
    record Kind<T>(Function<String, T> read, Function<T, String> show, Serializer<T> to, Deserializer<T> from) {
        byte[] bytes(String text) {
            return to.serialize("topic", value(text));
        }

        T value(String text) {
            return text.equals("~") ? null : read.apply(text);
        }

        String text(T value) {
            return value == null ? "~" : show.apply(value);
        }

        String text(byte[] bytes) {
            return text(from.deserialize("topic", bytes));
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("write")) {
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line; (line = lines.readLine()) != null; ) {
                String[] fields = line.split("\t", -1);
                byte[] bytes = kind(fields[0]).bytes(fields[1]);
                System.out.println(bytes == null ? "null" : HexFormat.of().formatHex(bytes));
            }
        } else {
            read(arguments[1], arguments[2], Integer.parseInt(arguments[3]));
        }
    }

    static void read(String bootstrap, String topic, int count) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            for (int seen = 0; seen < count && System.nanoTime() < end; ) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    String name = new String(record.headers().lastHeader("class").value(), StandardCharsets.UTF_8);
                    System.out.println(name + "\t" + kind(name).text(record.value()));
                    seen++;
                }
            }
        }
    }

    static Kind<?> kind(String name) {
        if (name.startsWith("List/")) return list(kind(name.substring("List/".length())));
        if (name.startsWith("String/")) return string(name.substring("String/".length()));
        return switch (name) {
            case "String" -> string(null);
            case "ByteArray" -> new Kind<>(HexFormat.of()::parseHex, HexFormat.of()::formatHex,
                new ByteArraySerializer(), new ByteArrayDeserializer());
            case "ByteBuffer" -> new Kind<ByteBuffer>(text -> ByteBuffer.wrap(HexFormat.of().parseHex(text)),
                buffer -> HexFormat.of().formatHex(rest(buffer)), new ByteBufferSerializer(), new ByteBufferDeserializer());
            case "Bytes" -> new Kind<Bytes>(text -> Bytes.wrap(HexFormat.of().parseHex(text)),
                bytes -> HexFormat.of().formatHex(bytes.get()), new BytesSerializer(), new BytesDeserializer());
            case "Boolean" -> new Kind<Boolean>(Boolean::valueOf, String::valueOf, new BooleanSerializer(), new BooleanDeserializer());
            case "Short" -> new Kind<Short>(Short::valueOf, String::valueOf, new ShortSerializer(), new ShortDeserializer());
            case "Integer" -> new Kind<Integer>(Integer::valueOf, String::valueOf, new IntegerSerializer(), new IntegerDeserializer());
            case "Long" -> new Kind<Long>(Long::valueOf, String::valueOf, new LongSerializer(), new LongDeserializer());
            case "Float" -> new Kind<Float>(
                text -> text.startsWith("bits:") ? Float.intBitsToFloat(Integer.parseUnsignedInt(text.substring(5), 16)) : Float.valueOf(text),
                value -> value.isNaN() ? "bits:" + Integer.toHexString(Float.floatToRawIntBits(value)) : value.toString(),
                new FloatSerializer(), new FloatDeserializer());
            case "Double" -> new Kind<Double>(
                text -> text.startsWith("bits:") ? Double.longBitsToDouble(Long.parseUnsignedLong(text.substring(5), 16)) : Double.valueOf(text),
                value -> value.isNaN() ? "bits:" + Long.toHexString(Double.doubleToRawLongBits(value)) : value.toString(),
                new DoubleSerializer(), new DoubleDeserializer());
            case "UUID" -> new Kind<UUID>(UUID::fromString, UUID::toString, new UUIDSerializer(), new UUIDDeserializer());
            case "Void" -> new Kind<Void>(text -> null, value -> "~", new VoidSerializer(), new VoidDeserializer());
            default -> throw new IllegalArgumentException("no class " + name);
        };
    }

    static Kind<String> string(String encoding) {
        StringSerializer to = new StringSerializer();
        StringDeserializer from = new StringDeserializer();
        if (encoding != null) {
            to.configure(Map.of("serializer.encoding", encoding), false);
            from.configure(Map.of("deserializer.encoding", encoding), false);
        }
        return new Kind<>(Text::unescape, Text::escape, to, from);
    }

    static <T> Kind<List<T>> list(Kind<T> inner) {
        Function<String, List<T>> read = text -> {
            List<T> values = new ArrayList<>();
            if (!text.isEmpty()) for (String entry : text.split(",", -1)) values.add(inner.value(entry));
            return values;
        };
        Function<List<T>, String> show = values -> String.join(",", values.stream().map(inner::text).toList());
        return new Kind<>(read, show, new ListSerializer<>(inner.to()), new ListDeserializer<>(ArrayList.class, inner.from()));
    }

    static byte[] rest(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static class Text {
        static String escape(String text) {
            StringBuilder escaped = new StringBuilder();
            for (char unit : text.toCharArray()) {
                boolean plain = unit > ' ' && unit < 127 && unit != '\\' && unit != ',' && unit != '~';
                escaped.append(plain ? String.valueOf(unit) : String.format("\\u%04x", (int) unit));
            }
            return escaped.toString();
        }

        static String unescape(String text) {
            StringBuilder plain = new StringBuilder();
            for (int at = 0; at < text.length(); at++) {
                if (text.charAt(at) == '\\') {
                    plain.append((char) Integer.parseInt(text.substring(at + 2, at + 6), 16));
                    at += 5;
                } else {
                    plain.append(text.charAt(at));
                }
            }
            return plain.toString();
        }
    }
}
