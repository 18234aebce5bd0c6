"""Reads records that milena wrote, with readers that are not ours: read.py BOOTSTRAP TOPIC

The topic has one partition; its records are read by Confluent's consumer. A line in is {"reader": …, …} for the next of them;
the line out is what was read, as JSON, for milena's test to compare.
"""

import base64
import io
import json
import os
import sys
import tempfile
import uuid

import fastavro
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

CONTEXT = SerializationContext("topic", MessageField.VALUE)


def registry(name, schemas, kind):
    """Confluent's own fake, with these schemas under one subject: the first has id 1."""
    client = SchemaRegistryClient.new_client({"url": f"mock://{name}"})
    ids = [client.register_schema("topic-value", Schema(schema, kind)) for schema in schemas]
    assert ids == list(range(1, len(ids) + 1)), ids
    return client


def records(bootstrap, topic):
    """Values and headers from the topic's beginning on."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    while True:
        message = consumer.poll(30)
        assert message is not None, "no record for 30 s"
        assert message.error() is None, message.error()
        yield message.value(), message.headers()


def registered(case, record, headers):
    """By the schema that a real registry has for the record: what was read, and that schema's text."""
    client = SchemaRegistryClient({"url": case["registry"]})
    context = SerializationContext(case["topic"], MessageField.VALUE, headers)
    if case["format"] == "PROTOBUF":
        # Confluent's reader asks for a serialised descriptor, which these registries do not make of a text.
        read = protobuf(case, record, headers)
    elif case["format"] == "AVRO":
        read = AvroDeserializer(client)(record, context)
    else:
        read = JSONDeserializer(None, schema_registry_client=client)(record, context)
    guid = [value for name, value in headers or [] if name == "__value_schema_id"]
    if guid:
        schema = client.get_schema_by_guid(str(uuid.UUID(bytes=guid[0][1:17])))
    else:
        schema = client.get_schema(int.from_bytes(record[1:5], "big"))
    assert schema.schema_type == case["format"], schema.schema_type
    return {"schema": schema.schema_str, "read": read}


def avro(case, record, _):
    read = AvroDeserializer(registry(case["case"], case["schemas"], "AVRO"))(record, CONTEXT)
    written_by = json.loads(case["schemas"][int.from_bytes(record[1:5], "big") - 1])
    assert fastavro.schemaless_reader(io.BytesIO(record[5:]), written_by) == read
    return read


def json_schema(case, record, _):
    client = registry(case["case"], case["schemas"], "JSON")
    return JSONDeserializer(None, schema_registry_client=client)(record, CONTEXT)


def compiled(files):
    """What protoc makes of texts by their paths."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)) or folder, exist_ok=True)
            with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                file.write(text)
        out = os.path.join(folder, "set.bin")
        well_known = os.path.join(os.path.dirname(protoc.__file__), "_proto")
        options = ["", f"-I{folder}", f"-I{well_known}", f"--descriptor_set_out={out}", "--include_imports"]
        assert protoc.main(options + sorted(files)) == 0
        with open(out, "rb") as file:
            return descriptor_pb2.FileDescriptorSet.FromString(file.read())


def protobuf(case, record, _):
    files = compiled(case["files"])
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName(case["message"]))
    conf = {"use.deprecated.format": False}
    if "registered" in case:
        # As Python registers: the indexes in the record are looked up in this descriptor.
        reader = ProtobufDeserializer(message, conf, with_imports(case, files))
        named, _ = reader._get_message_desc_proto("", descriptor(case["registered"]), indexes(record))
        assert case["message"].endswith("." + named), named
    else:
        reader = ProtobufDeserializer(message, conf)
    return json_format.MessageToDict(reader(record, CONTEXT), preserving_proto_field_name=True)


def with_imports(case, files):
    """The same fake, with the imports first; the schema has the next id."""
    client = registry(case["case"], [], "PROTOBUF")
    imports = [file for file in files.file if file.name != case["file"]]
    for file in imports:
        client.register_schema(file.name, Schema(base64.b64encode(file.SerializeToString()).decode(), "PROTOBUF"))
    references = [SchemaReference(file.name, file.name, 1) for file in imports]
    client.register_schema("topic-value", Schema(case["registered"], "PROTOBUF", references))
    return client


def descriptor(text):
    return descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(text))


def indexes(record):
    """The message indexes behind the id, as Confluent's reader finds them."""
    from confluent_kafka.schema_registry.serde import SchemaId

    schema_id = SchemaId("PROTOBUF")
    schema_id.from_bytes(io.BytesIO(record))
    return schema_id.message_indexes


def struct(protocol):
    """Any Thrift struct, by the types on the wire: {field id: value}."""
    fields = {}
    protocol.readStructBegin()
    while True:
        _, kind, field = protocol.readFieldBegin()
        if kind == TType.STOP:
            break
        fields[str(field)] = value(protocol, kind)
        protocol.readFieldEnd()
    protocol.readStructEnd()
    return fields


def value(protocol, kind):
    plain = {
        TType.BOOL: protocol.readBool,
        TType.BYTE: protocol.readByte,
        TType.I16: protocol.readI16,
        TType.I32: protocol.readI32,
        TType.I64: protocol.readI64,
        TType.DOUBLE: protocol.readDouble,
    }
    if kind in plain:
        return plain[kind]()
    if kind == TType.STRING:
        return protocol.readBinary().decode("utf-8", "backslashreplace")
    if kind == TType.STRUCT:
        return struct(protocol)
    if kind == TType.MAP:
        keys, values, size = protocol.readMapBegin()
        read = {str(value(protocol, keys)): value(protocol, values) for _ in range(size)}
        protocol.readMapEnd()
        return read
    of, size = protocol.readListBegin() if kind == TType.LIST else protocol.readSetBegin()
    read = [value(protocol, of) for _ in range(size)]
    protocol.readListEnd() if kind == TType.LIST else protocol.readSetEnd()
    return read


def thrift(protocol):
    def read(_, record, __):
        transport = TMemoryBuffer(record)
        fields = struct(protocol(transport))
        assert transport.read(1) == b"", "bytes behind the struct"
        return fields

    return read


READERS = {
    "avro": avro,
    "json": json_schema,
    "protobuf": protobuf,
    "registered": registered,
    "thrift binary": thrift(TBinaryProtocol),
    "thrift compact": thrift(TCompactProtocol),
}

topic = records(*sys.argv[1:])
for line in sys.stdin:
    case = json.loads(line)
    read = READERS[case["reader"]](case, *next(topic))
    print(json.dumps(read, default=lambda other: other.hex() if isinstance(other, bytes) else str(other)), flush=True)
