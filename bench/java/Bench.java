import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One run of Kafka's own producer: the same names as the clients in Rust. Its last line says what was measured. */
public final class Bench {
    private static final int KEY_BYTES = 16;

    private final Map<String, String> arguments = new HashMap<>();
    private final KafkaProducer<byte[], byte[]> producer;
    private final byte[][] values;
    private final byte[][] keys;
    private final AtomicLong acked = new AtomicLong();
    /** Handed over, in a run that lasts by time. */
    private final AtomicLong sent = new AtomicLong();
    /** Written by the producer's one thread. */
    private long[] latencies = new long[0];
    private int latencyCount;
    /** How late records were handed over. */
    private long[] delays = new long[0];
    private int delayCount;

    private Bench(String[] line) throws Exception {
        for (String argument : line) {
            String[] parts = argument.split("=", 2);
            arguments.put(parts[0], parts[1]);
        }
        values = cut(arguments.get("values"), number("value"));
        keys = arguments.get("keys").isEmpty() ? null : cut(arguments.get("keys"), KEY_BYTES);
        producer = new KafkaProducer<>(properties(), new ByteArraySerializer(), new ByteArraySerializer());
    }

    public static void main(String[] line) throws Exception {
        new Bench(line).run();
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments.get("bootstrap"));
        properties.put("compression.type", arguments.get("compression"));
        if (arguments.get("defaults").equals("false")) {
            properties.put("batch.size", arguments.get("batch"));
            properties.put("linger.ms", arguments.get("linger_ms"));
            properties.put("buffer.memory", arguments.get("memory"));
        }
        return properties;
    }

    private void run() throws Exception {
        if (number("window_ms") > 0) {
            forAWhile(number("window_ms"));
        }
        int warmup = number("warmup");
        int records = number("records");
        int pace = number("pace");
        send(0, warmup, 0);
        producer.flush();
        long cpu = cpuTime();
        long wall = System.nanoTime();
        if (pace > 0) {
            paced(warmup, warmup + records, pace);
        } else {
            send(warmup, warmup + records, 0);
        }
        producer.flush();
        report(records, System.nanoTime() - wall, cpuTime() - cpu);
        System.exit(acked.get() == warmup + records ? 0 : 1);
    }

    /** Sends records, which were due at {@code due} if that is not 0. */
    private void send(int from, int to, long due) {
        String topic = arguments.get("topic");
        int partitions = arguments.get("round_robin").equals("true") ? number("partitions") : 0;
        Callback callback = (metadata, error) -> {
            if (error != null) {
                error.printStackTrace();
                return;
            }
            acked.lazySet(acked.get() + 1);
            if (due != 0) {
                latencies[latencyCount++] = (System.nanoTime() - due) / 1000;
            }
        };
        for (int at = from; at < to; at++) {
            byte[] key = keys == null ? null : keys[at % keys.length];
            Integer partition = partitions == 0 ? null : at % partitions;
            producer.send(new ProducerRecord<>(topic, partition, key, values[at % values.length]), callback);
        }
    }

    private void paced(int from, int to, int pace) throws InterruptedException {
        int perTick = Math.max(pace / 1000, 1);
        long tick = pace >= 1000 ? 1_000_000 : 1_000_000_000 / pace;
        latencies = new long[to - from];
        delays = new long[to - from];
        long due = System.nanoTime() + tick;
        for (int at = from; at < to; at += perTick, due += tick) {
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                java.util.concurrent.locks.LockSupport.parkNanos(left);
            }
            delays[delayCount++] = (System.nanoTime() - due) / 1000;
            send(at, Math.min(at + perTick, to), due);
        }
    }

    /** As many as go in a time, after a second that does not count. */
    private void forAWhile(int milliseconds) throws Exception {
        Thread watch = new Thread(() -> {
            try {
                Thread.sleep(1000);
                long cpu = cpuTime();
                long wall = System.nanoTime();
                long before = acked.get();
                Thread.sleep(milliseconds);
                report((int) (acked.get() - before), System.nanoTime() - wall, cpuTime() - cpu);
            } catch (Exception error) {
                error.printStackTrace();
            }
            Runtime.getRuntime().halt(0);
        });
        watch.start();
        for (int at = 0; ; at += 64) {
            send(at, at + 64, 0);
            sent.set(at + 64);
        }
    }

    private void report(int records, long wall, long cpu) throws Exception {
        long p50 = quantile(latencies, latencyCount, 0.5);
        long p99 = quantile(latencies, latencyCount, 0.99);
        long late = quantile(delays, delayCount, 0.99);
        long resident = Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4;
        System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1024;
        System.out.printf("records=%d acked=%d cpu_ns=%d wall_ns=%d rss_kib=%d heap_kib=%d p50_us=%d p99_us=%d late_us=%d sent=%d%n",
                records, acked.get(), cpu, wall, resident, heap, p50, p99, late, sent.get());
        System.out.flush();
    }

    private static long quantile(long[] times, int count, double share) {
        long[] sorted = Arrays.copyOf(times, count);
        Arrays.sort(sorted);
        return count == 0 ? 0 : sorted[(int) ((count - 1) * share)];
    }

    private static long cpuTime() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime();
    }

    private int number(String name) {
        return Integer.parseInt(arguments.get(name));
    }

    private static byte[][] cut(String path, int size) throws Exception {
        byte[] all = Files.readAllBytes(Path.of(path));
        byte[][] pieces = new byte[all.length / size][];
        for (int at = 0; at < pieces.length; at++) {
            pieces[at] = Arrays.copyOfRange(all, at * size, (at + 1) * size);
        }
        return pieces;
    }
}
