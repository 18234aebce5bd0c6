#!/usr/bin/env python3
"""Writes with librdkafka's idempotent producer, once with each codec, and reads all of it back under assigned partitions.

    python3 round_trip.py BOOTSTRAP TOPIC

Needs confluent-kafka. Exits with 1 on the first record that is missing, doubled or somewhere else.
"""
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition, libversion

RECORDS = 1000


def write(bootstrap, topic, codec):
    acknowledged = {}

    def delivered(error, message):
        if error is not None:
            sys.exit(f"{codec}: {error}")
        acknowledged[message.key()] = (message.partition(), message.offset())

    producer = Producer({
        "bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": codec, "linger.ms": 2,
        "delivery.timeout.ms": 20_000,
    })
    for i in range(RECORDS):
        producer.produce(topic, key=f"key-{i}", value=f"value-{i}", headers={"number": str(i)}, on_delivery=delivered)
        producer.poll(0)
    left = producer.flush(30)
    if left or len(acknowledged) != RECORDS:
        sys.exit(f"{codec}: {left} not delivered, {len(acknowledged)} acknowledged")
    return acknowledged


def read(bootstrap, topic):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1] for partition in partitions]
    records, deadline = [], time.time() + 20
    while len(records) < sum(ends) and time.time() < deadline:
        message = consumer.poll(0.2)
        if message is not None:
            if message.error():
                sys.exit(f"{topic}: {message.error()}")
            records.append(message)
    consumer.close()
    return records


def compare(codec, acknowledged, records):
    if len(records) != RECORDS:
        sys.exit(f"{codec}: {len(records)} records read, {RECORDS} written")
    for message in records:
        number = message.key().decode().removeprefix("key-")
        place = (message.partition(), message.offset())
        same = message.value() == f"value-{number}".encode() and message.headers() == [("number", number.encode())]
        if acknowledged[message.key()] != place or not same:
            sys.exit(f"{codec}: key {message.key()} acknowledged at {acknowledged[message.key()]}, read at {place}")


def main():
    bootstrap, topic = sys.argv[1:3]
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        name = f"{topic}-{codec}"
        acknowledged = write(bootstrap, name, codec)
        compare(codec, acknowledged, read(bootstrap, name))
        print(f"librdkafka {libversion()[0]} {codec}: {RECORDS} records written, acknowledged and read back")


main()
