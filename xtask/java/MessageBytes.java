import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;

/**
 * What Kafka's own Java classes write for a message: lines {@code request|response API VERSION JSON} on standard input,
 * hexadecimal bytes on standard output, one line each. `cargo xtask golden` runs it, it needs no compilation:
 *
 * <pre>java -cp "LIBS/*" MessageBytes.java</pre>
 */
public class MessageBytes {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ", 4);
            try {
                System.out.println(bytes(words[0], Short.parseShort(words[1]), Short.parseShort(words[2]), words[3]));
            } catch (Exception e) {
                throw new IllegalArgumentException("not a message: " + line, e);
            }
        }
    }

    private static String bytes(String direction, short api, short version, String json) throws Exception {
        ApiMessageType type = ApiMessageType.fromApiKey(api);
        ApiMessage empty = direction.equals("request") ? type.newRequest() : type.newResponse();
        // kafka-clients carries such a converter for every message.
        Class<?> converter = Class.forName(empty.getClass().getName() + "JsonConverter");
        ApiMessage message = (ApiMessage) converter.getMethod("read", JsonNode.class, short.class)
            .invoke(null, JSON.readTree(json), version);
        ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
