#!/usr/bin/env python3
"""Sends the same odd requests to a real broker and to the dev cluster, and prints where the answers differ.

    cargo xtask kafka up --config auto.create.topics.enable=true
    cargo run -p milena-testkit --example dev_cluster -- --brokers 1 --port 29100
    python3 crates/testkit/clients/odd_requests.py REAL-PORT 29100

Both on 127.0.0.1, each with one broker. Exits with 1 when anything but the known departures differs; those are the ones
that the crate's description lists.
"""
import gzip
import socket
import struct
import sys
import time

PORTS = [int(port) for port in sys.argv[1:3]]
# Offset deltas with repeats are refused by the dev cluster, on purpose, and nothing after them is at the same offset.
DEPARTURES = {"offset delta repeats", "offset delta repeats, gzip", "fetch 400 bytes"}
HOUR = 3_600_000
NOW = int(time.time() * 1000)
RUN = str(NOW)

# ---- bytes ------------------------------------------------------------------------------------------------------

TABLE = []
for n in range(256):
    for _ in range(8):
        n = (n >> 1) ^ 0x82F63B78 if n & 1 else n >> 1
    TABLE.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def i8(n): return struct.pack(">b", n)
def i16(n): return struct.pack(">h", n)
def i32(n): return struct.pack(">i", n)
def i64(n): return struct.pack(">q", n)
def text(s): return i16(-1) if s is None else i16(len(s.encode())) + s.encode()
def array(items): return i32(len(items)) + b"".join(items)


def varint(n):
    n = (n << 1) ^ (n >> 63) if n < 0 else n << 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def batch(pid=-1, epoch=-1, seq=-1, count=10, stamp=NOW, pad=0, attributes=0):
    records = b""
    for i in range(count):
        value = f"value-{i}".encode() + b"." * pad
        body = i8(0) + varint(0) + varint(i) + varint(-1) + varint(len(value)) + value + varint(0)
        records += varint(len(body)) + body
    tail = (i16(attributes) + i32(count - 1) + i64(stamp) + i64(stamp) + i64(pid) + i16(epoch) + i32(seq) + i32(count)
            + records)
    body = i32(-1) + i8(2) + struct.pack(">I", crc32c(tail)) + tail
    return i64(0) + i32(len(body)) + body


def sealed(data):
    """The batch with its length and its checksum made right."""
    data = bytearray(data)
    data[8:12] = i32(len(data) - 12)
    data[17:21] = struct.pack(">I", crc32c(bytes(data[21:])))
    return bytes(data)


def patched(data, *places, seal=True):
    data = bytearray(data)
    for at, what in places:
        data[at:at + len(what)] = what
    return sealed(data) if seal else bytes(data)


def compressed(data, codec, body):
    return sealed(data[:22] + bytes([codec]) + data[23:61] + body)


class Answer:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        size = struct.calcsize(form)
        self.at += size
        return struct.unpack_from(form, self.data, self.at - size)[0]

    def i8(self): return self.take(">b")
    def i16(self): return self.take(">h")
    def i32(self): return self.take(">i")
    def i64(self): return self.take(">q")

    def text(self):
        size = self.i16()
        return None if size < 0 else self.raw(size).decode()

    def raw(self, size):
        self.at += size
        return self.data[self.at - size:self.at]


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)

    def ask(self, api, version, body):
        frame = i16(api) + i16(version) + i32(7) + text("odd") + body
        self.socket.sendall(i32(len(frame)) + frame)
        answer = Answer(self.read(struct.unpack(">i", self.read(4))[0]))
        assert answer.i32() == 7
        return answer

    def read(self, size):
        out = b""
        while len(out) < size:
            part = self.socket.recv(size - len(out))
            if not part:
                raise ConnectionError
            out += part
        return out


# ---- requests -----------------------------------------------------------------------------------------------------

def produce(topic, *partitions, acks=-1, version=8):
    """(code, base offset, append time, log start, record errors, message) of each partition."""
    def request(c):
        data = array([i32(index) + i32(len(records)) + records for index, records in partitions])
        r = c.ask(0, version, text(None) + i16(acks) + i32(3000) + array([text(topic) + data]))
        out = []
        for _ in range(r.i32()):
            r.text()
            for _ in range(r.i32()):
                r.i32()
                seen = [r.i16(), r.i64(), r.i64(), r.i64() if version >= 5 else None]
                if version >= 8:
                    seen += [[(r.i32(), r.text()) for _ in range(r.i32())], r.text()]
                out.append(seen)
        return out
    return request


def create(topic, **configs):
    def request(c):
        settings = array([text(name.replace("_", ".")) + text(str(value)) for name, value in configs.items()])
        partitions = array([i32(index) + array([i32(1)]) for index in range(2)])
        r = c.ask(19, 4, array([text(topic) + i32(-1) + i16(-1) + partitions + settings]) + i32(5000) + i8(0))
        r.i32(), r.i32(), r.text()
        return r.i16()
    return request


def offset(topic, timestamp, index=0, version=4):
    def request(c):
        r = c.ask(2, version, i32(-1) + i8(0) + array([text(topic) + array([i32(index) + i32(-1) + i64(timestamp)])]))
        r.i32(), r.i32(), r.text(), r.i32(), r.i32()
        return r.i16(), r.i64(), r.i64(), r.i32()
    return request


def metadata(topic, auto=0):
    def request(c):
        r = c.ask(3, 7, array([text(topic)]) + i8(auto))
        r.i32()
        for _ in range(r.i32()):
            r.i32(), r.text(), r.i32(), r.text()
        r.text(), r.i32(), r.i32()
        return r.i16(), r.text(), r.i8()
    return request


def fetch(topic, at, epoch=-1, max_bytes=1 << 20):
    def request(c):
        asked = i32(0) + i32(epoch) + i64(at) + i64(-1) + i32(max_bytes)
        r = c.ask(1, 11, i32(-1) + i32(100) + i32(1) + i32(1 << 20) + i8(0) + i32(0) + i32(-1)
                  + array([text(topic) + array([asked])]) + array([]) + text(""))
        r.i32(), r.i16(), r.i32(), r.i32(), r.text(), r.i32(), r.i32()
        return r.i16(), r.i64(), r.i64(), r.i64(), r.i32(), r.i32(), r.raw(max(0, r.i32())).hex()
    return request


def offers(c):
    r = c.ask(18, 0, b"")
    r.i16()
    known = (0, 1, 2, 3, 10, 18, 19, 20, 21, 22, 37, 60, 61)
    ranges = [(r.i16(), r.i16(), r.i16()) for _ in range(r.i32())]
    return sorted(entry for entry in ranges if entry[0] in known)


def cases():
    plain, compact, stamped, small = (f"{name}-{RUN}" for name in ("plain", "compact", "stamped", "small"))
    yield "create", create(plain)
    yield "create compacted", create(compact, cleanup_policy="compact")
    yield "create with append time", create(stamped, message_timestamp_type="LogAppendTime")
    yield "create with small batches", create(small, max_message_bytes=1000)
    yield "wait", lambda c: time.sleep(0.5)
    yield "create again", create(plain)
    yield "create with a bad name", create("a b")
    good = batch()
    yield "idempotent", produce(plain, (0, batch(70, 0, 0)))
    yield "duplicate", produce(plain, (0, batch(70, 0, 0)))
    yield "out of order", produce(plain, (0, batch(70, 0, 50)))
    yield "a new epoch", produce(plain, (0, batch(70, 3, 0)))
    yield "an old epoch", produce(plain, (0, batch(70, 0, 10)))
    for version in range(3, 9):
        yield f"version {version}", produce(plain, (0, good), version=version)
    yield "acks 2", produce(plain, (0, good), acks=2)
    yield "acks 2, unknown partition", produce(plain, (9, good), acks=2)
    yield "unknown topic", produce("nope", (0, good))
    yield "one good, one unknown", produce(plain, (0, good), (7, good))
    yield "empty", produce(plain, (0, b""))
    yield "two batches", produce(plain, (0, good + good))
    yield "a batch and a part", produce(plain, (0, good + good[:40]))
    yield "a batch and five bytes", produce(plain, (0, good + good[:5]))
    yield "cut", produce(plain, (0, good[:-1]))
    yield "magic 1", produce(plain, (0, patched(good, (16, b"\1"), seal=False)))
    yield "magic 9", produce(plain, (0, patched(good, (16, b"\x09"), seal=False)))
    for length in (3, 20, -5):
        yield f"length {length}", produce(plain, (0, patched(good, (8, i32(length)), seal=False)))
    yield "bad checksum", produce(plain, (0, patched(good, (65, b"\x77"), seal=False)))
    yield "base offset 5", produce(plain, (0, patched(good, (0, i64(5)))))
    for delta, count in ((4, 10), (9, 4), (4, 5), (19, 20), (-1, 0)):
        yield f"last delta {delta}, count {count}", produce(plain, (0, patched(good, (23, i32(delta)), (57, i32(count)))))
    yield "control", produce(plain, (0, batch(attributes=0x20)))
    yield "append time set by the producer", produce(plain, (0, batch(attributes=0x08)))
    yield "codec 7", produce(plain, (0, batch(attributes=0x07)))
    yield "id without sequence", produce(plain, (0, batch(5, 0, -1)))
    yield "id without epoch", produce(plain, (0, batch(5, -1, 0)))
    yield "id -5", produce(plain, (0, batch(-5, 0, -1)))
    yield "transactional without an id", produce(plain, (0, batch(5, 0, 0, attributes=0x10)))
    yield "too large", produce(small, (0, batch(pad=500)))
    yield "too large, bad checksum", produce(small, (0, patched(batch(pad=500), (65, b"\x77"), seal=False)))
    yield "no key where one must be", produce(compact, (0, batch(count=5)))
    yield "no key where one must be, version 7", produce(compact, (0, batch(count=5)), version=7)
    yield "from the future, version 7", produce(plain, (0, batch(count=2, stamp=NOW + 2 * HOUR)), version=7)
    yield "before 1970", produce(plain, (0, batch(stamp=-5)))
    yield "no time", produce(plain, (0, batch(stamp=-1)))
    records = good[61:]
    yield "gzip", produce(plain, (0, compressed(good, 1, gzip.compress(records))))
    yield "gzip cut", produce(plain, (0, compressed(good, 1, gzip.compress(records)[:-15])))
    yield "gzip and more records' bytes", produce(plain, (0, compressed(good, 1, gzip.compress(records + b"\0\0\0"))))
    for codec, name in enumerate(("gzip", "snappy", "lz4", "zstd"), 1):
        yield f"no {name}", produce(plain, (0, compressed(good, codec, b"garbage here and more")))
    yield "zstd, version 6", produce(plain, (0, compressed(good, 4, b"garbage")), version=6)
    yield "bytes behind the records", produce(plain, (0, sealed(good + b"\0\0\0")))
    yield "a record cut", produce(plain, (0, sealed(good[:-3])))
    for at, timestamp in (("end", -1), ("start", -2), ("time", NOW), ("time 0", 0), ("a time to come", NOW + 5 * HOUR)):
        yield f"offset of {at}", offset(plain, timestamp)
    yield "offset of the latest time in a version that has none", offset(plain, -3)
    yield "offset of a strange time", offset(plain, -9)
    yield "fetch", fetch(plain, 5)
    yield "fetch 400 bytes", fetch(plain, 5, max_bytes=400)
    yield "fetch beyond the end", fetch(plain, 99_999)
    yield "fetch in a later epoch", fetch(plain, 5, epoch=5)
    yield "fetch from nowhere", fetch("nope", 5)
    yield "metadata of nothing", metadata("nope")
    for name in ("a b", "", "..", "x" * 250):
        yield f"metadata of {name[:5]!r}", metadata(name, auto=1)
    yield "metadata that creates", metadata(f"auto-{RUN}", auto=1)
    yield "wait again", lambda c: time.sleep(0.5)
    yield "metadata of what it created", metadata(f"auto-{RUN}", auto=1)
    yield "api versions", offers
    repeats = bytearray(good)
    second = 61 + 1 + (good[61] >> 1)
    repeats[second + 3] = 0
    yield "offset delta repeats", produce(plain, (1, sealed(repeats)))
    yield "offset delta repeats, gzip", produce(plain, (1, compressed(good, 1, gzip.compress(bytes(repeats[61:])))))


def main():
    differences = count = 0
    for name, request in cases():
        seen = []
        for port in PORTS:
            try:
                seen.append(request(Connection(port)))
            except ConnectionError:
                seen.append("closed")
        count += 1
        if seen[0] != seen[1]:
            known = name in DEPARTURES
            differences += not known
            print(f"{'known' if known else 'DIFFERS'}: {name}\n   real: {seen[0]}\n   dev:  {seen[1]}")
    print(f"{count} requests, {differences} answers differ that should not")
    sys.exit(1 if differences else 0)


main()
