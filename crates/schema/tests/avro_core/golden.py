"""Writes golden.json: schemas, their canonical forms and fingerprints, and values as fastavro writes them.

    python -m pip install fastavro==1.13.1 && python golden.py

Each row: the schema, the value as our JSON path takes it, and fastavro's bytes in hexadecimal. Maps have one entry, since their
order is free.
"""
import datetime
import decimal
import io
import json
import pathlib
import uuid

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

USER = {"type": "record", "name": "User", "namespace": "com.example", "fields": [
    {"name": "id", "type": "long"}, {"name": "name", "type": "string"},
    {"name": "email", "type": ["null", "string"], "default": None}]}
TREE = {"type": "record", "name": "Tree", "fields": [
    {"name": "value", "type": "int"}, {"name": "children", "type": {"type": "array", "items": "Tree"}}]}
NESTED = {"type": "record", "name": "Outer", "namespace": "a.b", "doc": "dropped", "fields": [
    {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A"}, "aliases": ["x"]},
    {"name": "f", "type": {"type": "fixed", "name": "c.F", "size": 3}},
    {"name": "m", "type": {"type": "map", "values": "E"}},
    {"name": "u", "type": ["null", "c.F", {"type": "record", "name": "I", "fields": []}]}]}
UTC = datetime.timezone.utc


def logical(kind, name, **more):
    return {"type": kind, "logicalType": name, **more}


DECIMAL = logical("bytes", "decimal", precision=12, scale=3)
FIXED_DECIMAL = {"type": "fixed", "name": "D", "size": 8, "logicalType": "decimal", "precision": 12, "scale": 3}

# Schema, the value for us, the value for fastavro where it is another.
ROWS = [
    ("null", None),
    ("boolean", True),
    *[("int", n) for n in (0, -1, 1, 63, 64, -64, -65, 2**31 - 1, -(2**31))],
    *[("long", n) for n in (8191, 8192, 2**40, 2**55, 2**56, 2**62, 2**63 - 1, -(2**63))],
    ("float", 0.1),
    ("double", -0.1),
    ("double", 5e-324),
    ("string", ""),
    ("string", "Jürgen \U0001f600 \x00"),
    ({"type": "array", "items": "bytes"}, ["", "\xff\x00"], [b"", b"\xff\x00"]),
    ({"type": "array", "items": "int"}, []),
    ({"type": "array", "items": "int"}, list(range(200))),
    ({"type": "map", "values": "long"}, {}),
    ({"type": "map", "values": "long"}, {"k": 7}),
    ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "B"),
    ({"type": "fixed", "name": "F", "size": 2}, "\x01\xff", b"\x01\xff"),
    (["null", "string"], None),
    (["null", "string"], {"string": "x"}, "x"),
    (["string", "null"], "x"),
    (["null", "int", "double"], {"double": 1.5}, 1.5),
    (USER, {"id": 42, "name": "Ann"}),
    (USER, {"id": -3, "name": "J", "email": "j@x.de"}),
    (TREE, {"value": 1, "children": [{"value": 2, "children": []}, {"value": 3, "children": []}]}),
    (NESTED, {"e": "B", "f": "abc", "m": {"k": "A"}, "u": {"c.F": "xyz"}},
     {"e": "B", "f": b"abc", "m": {"k": "A"}, "u": b"xyz"}),
    (NESTED, {"e": "A", "f": "abc", "m": {}, "u": {"I": {}}}, {"e": "A", "f": b"abc", "m": {}, "u": {}}),
    # Not -0.128: fastavro writes ff80, Java's BigInteger 80.
    *[(DECIMAL, text, decimal.Decimal(text)) for text in
      ("0", "0.127", "0.128", "-0.127", "-0.129", "12.5", "-123456789.012", "999999999.999")],
    *[(FIXED_DECIMAL, text, decimal.Decimal(text)) for text in ("0", "-0.001", "123456789.012")],
    (logical("bytes", "decimal", precision=60, scale=0), "9" * 60, decimal.Decimal("9" * 60)),
    (logical("bytes", "decimal", precision=60, scale=0), "-" + "9" * 60, decimal.Decimal("-" + "9" * 60)),
    (logical("string", "uuid"), "89791762-2336-4186-9674-299b90a802e2", uuid.UUID("89791762-2336-4186-9674-299b90a802e2")),
    (logical("int", "date"), "2024-02-29", datetime.date(2024, 2, 29)),
    (logical("int", "date"), "1900-03-01", datetime.date(1900, 3, 1)),
    (logical("int", "time-millis"), "12:34:56.789", datetime.time(12, 34, 56, 789000)),
    (logical("long", "time-micros"), "12:34:56.789012", datetime.time(12, 34, 56, 789012)),
    (logical("long", "timestamp-millis"), "2024-02-29T12:34:56.789Z",
     datetime.datetime(2024, 2, 29, 12, 34, 56, 789000, UTC)),
    (logical("long", "timestamp-micros"), "1969-12-31T23:59:59.999999+00:00",
     datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)),
    (logical("long", "timestamp-micros"), "2024-02-29T12:34:56.5+05:30",
     datetime.datetime(2024, 2, 29, 12, 34, 56, 500000, datetime.timezone(datetime.timedelta(hours=5, minutes=30)))),
    (logical("long", "local-timestamp-micros"), "2024-02-29T12:34:56.789012",
     datetime.datetime(2024, 2, 29, 12, 34, 56, 789012)),
]


def row(schema, ours, theirs=...):
    out = io.BytesIO()
    parsed = fastavro.parse_schema(schema)
    fastavro.schemaless_writer(out, parsed, ours if theirs is ... else theirs)
    canonical = to_parsing_canonical_form(schema)
    # fastavro prints the bytes in the order of the single-object encoding.
    return {"schema": schema, "value": ours, "bytes": out.getvalue().hex(), "canonical": canonical,
            "fingerprint": fingerprint(canonical, "CRC-64-AVRO")}


rows = [json.dumps(row(*case)) for case in ROWS]
pathlib.Path(__file__).with_name("golden.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")
