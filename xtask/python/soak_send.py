"""librdkafka in the soak: sends numbered records as fast as it can until its input ends.

    python soak_send.py BOOTSTRAP TOPIC PARTITIONS VALUE-BYTES RECORDS FATES [property=value…]

A value is its partition (4 bytes), its number within it (8 bytes), and zeros. FATES gets the lines that
xtask/src/prove/soak/fates.rs describes. Prints {"records":…,"acknowledged":…,"seconds":…}.
"""
import json
import re
import struct
import sys
import threading
import time

from confluent_kafka import Producer

bootstrap, topic, partitions, size, limit, path = sys.argv[1:7]
partitions, size, limit = int(partitions), int(size), int(limit)
config = {"bootstrap.servers": bootstrap} | dict(setting.split("=", 1) for setting in sys.argv[7:])
fates = [bytearray() for _ in range(partitions)]
complaints = []


def on_delivery(error, message):
    partition, number = struct.unpack_from(">iq", message.value())
    fates[partition][number] = 2 if error else 1
    if error and len(complaints) < 5:
        complaints.append(error)
        print(f"record {number} of partition {partition}: {error}", file=sys.stderr)


ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
producer = Producer(config)
filler = bytes(size - 12)
begun = time.monotonic()
sent = 0
while sent < limit and not ended.is_set():
    partition, number = sent % partitions, sent // partitions
    fates[partition].append(0)
    value = struct.pack(">iq", partition, number) + filler
    while True:
        try:
            producer.produce(topic, value, partition=partition, on_delivery=on_delivery)
            break
        except BufferError:
            producer.poll(0.05)
    sent += 1
    if sent % 100 == 0:
        producer.poll(0)
seconds = time.monotonic() - begun
producer.flush(150)
with open(path, "w") as file:
    for partition, told in enumerate(fates):
        # The outcomes that are no acknowledgement, in runs.
        for run in re.finditer(rb"[^\x01]+", told):
            print("failed", partition, run.start(), run.end(), file=file)
        print("sent", partition, len(told), file=file)
acknowledged = sum(told.count(1) for told in fates)
print(json.dumps({"records": sent, "acknowledged": acknowledged, "seconds": round(seconds, 1)}))
