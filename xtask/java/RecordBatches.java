import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import com.fasterxml.jackson.databind.ObjectMapper;

import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * Record batches by the classes of Kafka's own Java client (kafka-clients 4.3; the record classes live in another package
 * in older versions).
 *
 * <pre>
 * java -cp "JARS/*" RecordBatches.java write DIR      record batches, one .bin each, and index.jsonl
 * java -cp "JARS/*" RecordBatches.java read FILE...   record batches in a file -> JSON lines, CRC checked
 * </pre>
 */
public class RecordBatches {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HexFormat HEX = HexFormat.of();
    private static final long TIME = 1_700_000_000_000L;

    public static void main(String[] args) throws Exception {
        switch (args.length == 0 ? "" : args[0]) {
            case "write" -> batches(Path.of(args[1]));
            case "read" -> {
                for (int i = 1; i < args.length; i++) {
                    decode(Files.readAllBytes(Path.of(args[i])));
                }
            }
            default -> {
                System.err.println("usage: write DIR | read FILE...");
                System.exit(2);
            }
        }
    }

    private record Rec(long timestamp, byte[] key, byte[] value, Header[] headers) { }

    private record Shape(String name, long pid, short epoch, int sequence, boolean transactional,
                         TimestampType type, List<Rec> records) { }

    private static byte[] utf8(String s) {
        return s == null ? null : s.getBytes(StandardCharsets.UTF_8);
    }

    private static Rec rec(long timestamp, String key, String value, String... headers) {
        Header[] h = new Header[headers.length / 2];
        for (int i = 0; i < h.length; i++) {
            h[i] = new RecordHeader(headers[2 * i], utf8(headers[2 * i + 1]));
        }
        return new Rec(timestamp, utf8(key), utf8(value), h);
    }

    private static List<Shape> shapes() {
        List<Rec> one = List.of(rec(TIME, "k", "v"));
        List<Rec> mixed = List.of(
            rec(TIME, "key-0", "value-0"),
            rec(TIME + 1, null, "no key"),
            rec(TIME + 1, "no value", null),
            rec(TIME - 5, null, null),
            rec(TIME + 300, "", ""),
            rec(TIME + 300, "headers", "three", "a", "1", "b", null, "a", "", "\u00e9\u4e2d", "\u00fc"),
            rec(TIME + 70_000, "\u00e9\u4e2d\ud83d\ude00", "long " + "x".repeat(300)));
        List<Rec> hundred = new ArrayList<>();
        Random random = new Random(42);
        for (int i = 0; i < 100; i++) {
            StringBuilder text = new StringBuilder("{\"n\":" + i + ",\"word\":\"");
            for (int j = 0; j < 12; j++) {
                text.append((char) ('a' + random.nextInt(6)));
            }
            hundred.add(rec(TIME + 3L * i, "user-" + i % 7, text.append("\"}").toString()));
        }
        short no = RecordBatch.NO_PRODUCER_EPOCH;
        TimestampType create = TimestampType.CREATE_TIME;
        List<Shape> out = new ArrayList<>();
        out.add(new Shape("one", RecordBatch.NO_PRODUCER_ID, no, RecordBatch.NO_SEQUENCE, false, create, one));
        out.add(new Shape("mixed", RecordBatch.NO_PRODUCER_ID, no, RecordBatch.NO_SEQUENCE, false, create, mixed));
        out.add(new Shape("hundred", RecordBatch.NO_PRODUCER_ID, no, RecordBatch.NO_SEQUENCE, false, create, hundred));
        out.add(new Shape("idempotent", 4711L, (short) 3, 2_147_483_640, false, create, mixed));
        out.add(new Shape("transactional", 0x0102030405060708L, (short) 32_766, 0, true, create, mixed));
        out.add(new Shape("log-append-time", RecordBatch.NO_PRODUCER_ID, no, RecordBatch.NO_SEQUENCE, false,
            TimestampType.LOG_APPEND_TIME, mixed));
        return out;
    }

    private static Map<String, Compression> codecs() {
        Map<String, Compression> m = new LinkedHashMap<>();
        m.put("none", Compression.NONE);
        m.put("gzip", Compression.of(CompressionType.GZIP).build());
        m.put("snappy", Compression.of(CompressionType.SNAPPY).build());
        m.put("lz4", Compression.of(CompressionType.LZ4).build());
        m.put("zstd", Compression.of(CompressionType.ZSTD).build());
        return m;
    }

    private static void batches(Path dir) throws Exception {
        Files.createDirectories(dir);
        List<Map<String, Object>> index = new ArrayList<>();
        for (Shape s : shapes()) {
            for (Map.Entry<String, Compression> codec : codecs().entrySet()) {
                MemoryRecordsBuilder b = new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 16), RecordBatch.MAGIC_VALUE_V2,
                    codec.getValue(), s.type, 0L, TIME + 1_000_000, s.pid, s.epoch, s.sequence, s.transactional,
                    false, RecordBatch.NO_PARTITION_LEADER_EPOCH, 1 << 16);
                for (Rec r : s.records) {
                    b.append(r.timestamp, r.key, r.value, r.headers);
                }
                ByteBuffer built = b.build().buffer().duplicate();
                byte[] bytes = new byte[built.remaining()];
                built.get(bytes);
                String file = s.name + "-" + codec.getKey() + ".bin";
                Files.write(dir.resolve(file), bytes);
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("file", file);
                entry.put("bytes", bytes.length);
                // Compressed bytes depend on the library and its level: compare the decoded records.
                entry.put("bytesAreCanonical", codec.getKey().equals("none"));
                entry.putAll(describe(MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches().iterator().next()));
                index.add(entry);
            }
        }
        StringBuilder lines = new StringBuilder();
        for (Map<String, Object> entry : index) {
            lines.append(JSON.writeValueAsString(entry)).append('\n');
        }
        Files.writeString(dir.resolve("index.jsonl"), lines);
    }

    private static Map<String, Object> describe(MutableRecordBatch batch) {
        batch.ensureValid();
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("magic", batch.magic());
        m.put("codec", batch.compressionType().name);
        m.put("sizeInBytes", batch.sizeInBytes());
        m.put("crc", batch.checksum());
        m.put("baseOffset", batch.baseOffset());
        m.put("lastOffset", batch.lastOffset());
        m.put("partitionLeaderEpoch", batch.partitionLeaderEpoch());
        m.put("timestampType", batch.timestampType().name);
        m.put("maxTimestamp", batch.maxTimestamp());
        m.put("producerId", batch.producerId());
        m.put("producerEpoch", batch.producerEpoch());
        m.put("baseSequence", batch.baseSequence());
        m.put("lastSequence", batch.lastSequence());
        m.put("transactional", batch.isTransactional());
        m.put("control", batch.isControlBatch());
        List<Map<String, Object>> records = new ArrayList<>();
        for (Record r : batch) {
            r.ensureValid();
            Map<String, Object> o = new LinkedHashMap<>();
            o.put("offset", r.offset());
            o.put("sequence", r.sequence());
            o.put("timestamp", r.timestamp());
            o.put("key", hex(r.key()));
            o.put("value", hex(r.value()));
            List<Object> headers = new ArrayList<>();
            for (Header h : r.headers()) {
                List<Object> pair = new ArrayList<>();
                pair.add(h.key());
                pair.add(h.value() == null ? null : HEX.formatHex(h.value()));
                headers.add(pair);
            }
            o.put("headers", headers);
            records.add(o);
        }
        m.put("records", records);
        return m;
    }

    private static String hex(ByteBuffer b) {
        if (b == null) {
            return null;
        }
        byte[] bytes = new byte[b.remaining()];
        b.duplicate().get(bytes);
        return HEX.formatHex(bytes);
    }

    private static void decode(byte[] bytes) throws Exception {
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
        for (MutableRecordBatch batch : records.batches()) {
            System.out.println(JSON.writeValueAsString(describe(batch)));
        }
        if (records.validBytes() != bytes.length) {
            throw new IllegalArgumentException(bytes.length - records.validBytes() + " bytes at the end are no batch");
        }
    }
}
