import java.nio.file.*;
import java.util.*;
import org.apache.avro.*;

/**
 * Writes compatible.txt: schemas, one a line, and after an empty line, for each as the reader, a line that has for each as the
 * writer a 1 if Apache Avro's SchemaCompatibility says that it can be read, else a 0.
 *
 *     java -cp 'avro-1.12.0.jar:jackson-core-2.17.2.jar:jackson-annotations-2.17.2.jar:jackson-databind-2.17.2.jar:slf4j-api-2.0.13.jar' Compatible.java
 */
class Compatible {
    static String record(String name, String... fields) {
        return "{\"type\":\"record\",\"name\":\"" + name + "\",\"fields\":[" + String.join(",", fields) + "]}";
    }

    static String field(String name, String type, String more) {
        return "{\"name\":\"" + name + "\",\"type\":" + type + more + "}";
    }

    public static void main(String[] arguments) throws Exception {
        List<String> schemas = new ArrayList<>();
        String[] primitives = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"};
        for (String primitive : primitives) schemas.add("\"" + primitive + "\"");
        for (String inner : new String[] {"\"int\"", "\"long\"", "\"string\"", "[\"null\",\"int\"]"}) {
            schemas.add("{\"type\":\"array\",\"items\":" + inner + "}");
            schemas.add("{\"type\":\"map\",\"values\":" + inner + "}");
        }
        for (String union : new String[] {
            "[\"null\"]", "[\"int\"]", "[\"null\",\"int\"]", "[\"long\",\"null\"]", "[\"null\",\"string\"]", "[\"bytes\",\"float\"]",
            "[\"null\",\"int\",\"string\"]", "[\"double\",\"boolean\"]", "[\"null\",{\"type\":\"array\",\"items\":\"int\"}]"}) {
            schemas.add(union);
        }
        for (String symbols : new String[] {"\"A\"", "\"A\",\"B\"", "\"B\",\"A\"", "\"A\",\"B\",\"C\""}) {
            schemas.add("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" + symbols + "]}");
        }
        schemas.add("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"A\"}");
        schemas.add("{\"type\":\"enum\",\"name\":\"other.E\",\"symbols\":[\"A\"]}");
        schemas.add("{\"type\":\"enum\",\"name\":\"F\",\"aliases\":[\"E\"],\"symbols\":[\"A\",\"B\"]}");
        schemas.add("{\"type\":\"fixed\",\"name\":\"X\",\"size\":2}");
        schemas.add("{\"type\":\"fixed\",\"name\":\"X\",\"size\":3}");
        schemas.add("{\"type\":\"fixed\",\"name\":\"Y\",\"size\":2,\"aliases\":[\"X\"]}");
        String a = field("a", "\"int\"", ""), aLong = field("a", "\"long\"", ""), b = field("b", "\"string\"", "");
        schemas.add(record("R"));
        schemas.add(record("R", a));
        schemas.add(record("R", aLong));
        schemas.add(record("R", a, b));
        schemas.add(record("R", b, a));
        schemas.add(record("n.R", a));
        schemas.add(record("S", a));
        schemas.add("{\"type\":\"record\",\"name\":\"S\",\"aliases\":[\"R\"],\"fields\":[" + a + "]}");
        schemas.add(record("R", a, field("b", "\"string\"", ",\"default\":\"x\"")));
        schemas.add(record("R", field("x", "\"int\"", ",\"aliases\":[\"a\"]")));
        schemas.add(record("R", field("a", "[\"null\",\"int\"]", ",\"default\":null")));
        schemas.add(record("R", field("a", "{\"type\":\"array\",\"items\":\"R\"}", "")));
        schemas.add(record("L", field("next", "[\"null\",\"L\"]", ""), field("v", "\"int\"", "")));
        schemas.add(record("L", field("next", "[\"null\",\"L\"]", ""), field("v", "\"long\"", "")));
        schemas.add(record("L", field("next", "[\"null\",\"L\"]", ",\"default\":null"), field("v", "\"string\"", "")));
        schemas.add(record("L", field("next", "\"L\"", ""), field("v", "\"long\"", "")));
        schemas.add("[" + record("R", a) + "," + record("S", b) + "]");
        schemas.add("[" + record("S", b) + "," + record("R", aLong) + "]");
        schemas.add("[\"null\"," + record("R", a, b) + "]");
        List<Schema> parsed = new ArrayList<>();
        for (String text : schemas) parsed.add(new Schema.Parser().parse(text));
        List<String> lines = new ArrayList<>(schemas);
        lines.add("");
        for (Schema reader : parsed) {
            StringBuilder line = new StringBuilder();
            for (Schema writer : parsed) {
                var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType();
                line.append(result == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE ? '1' : '0');
            }
            lines.add(line.toString());
        }
        Files.write(Path.of("compatible.txt"), lines);
    }
}
