#!/bin/sh
# Clients that we did not write, against the dev cluster: Kafka's producer, consumer and console tools, and librdkafka.
#
#   LIBS=FOLDER-OF-KAFKA'S-JARS [PYTHON=python-with-confluent-kafka] [RELEASES="2.1 4.3"] crates/testkit/clients/run.sh
#
# Once for each release that the cluster can take itself for. Ends with 0 when every record came back.
# No globs: Java reads the star in its class path itself.
set -euf
here=$(CDPATH='' cd -- "$(dirname "$0")" && pwd)
: "${LIBS:?folder of the jars of a Kafka 4.x, e.g. target/kafka-4.3.1}"
scratch=$(mktemp -d)
java="java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp $LIBS/*"
cargo build --quiet --manifest-path "$here/../Cargo.toml" --example dev_cluster
cluster=${CARGO_TARGET_DIR:-$here/../../../target}/debug/examples/dev_cluster

for release in ${RELEASES:-2.1 2.8 3.7 3.9 4.3 4.4}; do
    # The cluster ends when its input does.
    mkfifo "$scratch/input"
    "$cluster" --release "$release" <"$scratch/input" >"$scratch/servers" &
    exec 9>"$scratch/input"
    rm "$scratch/input"
    while ! test -s "$scratch/servers"; do sleep 0.1; done
    servers=$(cat "$scratch/servers")
    echo "== a cluster that takes itself for Kafka $release, on $servers"

    $java "$here/RoundTrip.java" "$servers" java 2>"$scratch/errors" || { cat "$scratch/errors"; exit 1; }
    test -z "${PYTHON:-}" || "$PYTHON" "$here/round_trip.py" "$servers" librdkafka

    seq 1 20 | $java org.apache.kafka.tools.ConsoleProducer --bootstrap-server "$servers" --topic console \
        --command-property partitioner.ignore.keys=true --sync 2>"$scratch/errors"
    read=0
    for partition in 0 1 2 3 4 5; do
        end=$($java org.apache.kafka.tools.GetOffsetShell --bootstrap-server "$servers" --topic-partitions "console:$partition" \
            2>"$scratch/errors" | cut -d: -f3)
        test "$end" -eq 0 || read=$((read + $($java org.apache.kafka.tools.consumer.ConsoleConsumer \
            --bootstrap-server "$servers" --topic console --partition "$partition" --offset earliest --max-messages "$end" \
            --timeout-ms 10000 2>"$scratch/errors" | wc -l)))
    done
    test "$read" -eq 20 || { echo "console tools: $read of 20 lines came back"; cat "$scratch/errors"; exit 1; }
    echo "console tools: 20 lines written and read back"

    $java "$here/RoundTrip.java" "$servers" outages 8 >"$scratch/out" 2>"$scratch/errors" &
    writer=$!
    sleep 3
    for act in "kill 1" "start 1" "pause 2" "resume 2" "stop 3" "start 3"; do
        echo "$act" >&9
        sleep 1.5
    done
    wait "$writer" || { cat "$scratch/errors"; exit 1; }
    echo "brokers killed, paused and stopped under it: $(cat "$scratch/out")"
    exec 9>&-
    wait
done
rm -r "$scratch"
