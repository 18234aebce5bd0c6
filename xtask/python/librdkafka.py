"""librdkafka, through its Python client, as a second witness.

    python librdkafka.py send FILE BOOTSTRAP TOPIC [CODEC]    sends lines of key, tab, value
    python librdkafka.py compare FILE BOOTSTRAP TOPIC         every line once, each key in order and in one partition

Exit status 1 and a sentence if not every record was acknowledged, or if topic and file differ.
"""
import sys
import time
from collections import defaultdict

from confluent_kafka import Consumer, Producer, TopicPartition


def lines(path):
    with open(path, "rb") as file:
        for line in file:
            yield tuple(line.rstrip(b"\n").split(b"\t", 1))


def send(path, bootstrap, topic, codec="none"):
    failed = []
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": codec})
    for key, value in lines(path):
        while True:
            try:
                producer.produce(topic, value, key, on_delivery=lambda error, _: error and failed.append(str(error)))
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    left = producer.flush(60)
    if failed or left:
        sys.exit(f"{len(failed)} failed, {left} not acknowledged after a minute: {failed[:3]}")


def read(bootstrap, topic):
    """Every record from the start to the end of now, with no group."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False})
    metadata = consumer.list_topics(topic, timeout=30).topics[topic]
    ends = {}
    for partition in metadata.partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
        if high > low:
            ends[partition] = (low, high)
    consumer.assign([TopicPartition(topic, partition, low) for partition, (low, _) in ends.items()])
    deadline = time.monotonic() + 120
    while ends:
        if time.monotonic() > deadline:
            sys.exit(f"not at the end after two minutes: {ends}")
        for record in consumer.consume(10000, timeout=0.5):
            if record.error():
                sys.exit(f"librdkafka: {record.error()}")
            partition, offset = record.partition(), record.offset()
            yield partition, record.key(), record.value()
            if partition in ends and offset + 1 >= ends[partition][1]:
                del ends[partition]
    consumer.close()


def compare(path, bootstrap, topic):
    sent = defaultdict(list)
    for key, value in lines(path):
        sent[key].append(value)
    there = defaultdict(list)
    partitions = defaultdict(set)
    for partition, key, value in read(bootstrap, topic):
        there[key].append(value)
        partitions[key].add(partition)
    for key in sent.keys() | there.keys():
        if sent[key] != there[key]:
            sys.exit(f"key {key}: {len(sent[key])} sent, {len(there[key])} there, or not in their order")
        if len(partitions[key]) > 1:
            sys.exit(f"key {key} is in partitions {sorted(partitions[key])}")


{"send": send, "compare": compare}[sys.argv[1]](*sys.argv[2:])
