/* One run of librdkafka through its own C interface, as its rdkafka_performance uses it: values are handed over by
 * reference, reports come to a callback. `librdkafka name=value…`, the same names as the clients in Rust. Its last line
 * says what was measured. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "rdkafka.h"

#define KEY_BYTES 16
/* Records between two polls, and of one rd_kafka_produce_batch. */
#define CHUNK 64
#define MILLISECOND 1000000LL
#define SECOND 1000000000LL

static int argument_count;
static char **arguments;
static rd_kafka_t *client;
static rd_kafka_topic_t *topic;
static char *values, *keys;
static int64_t value_bytes, value_count, key_count, partitions;
static bool batches;
static atomic_llong acked;
/* Handed over, in a run that lasts by time. */
static atomic_llong sent;
/* Of a paced run: when the first record was due, its number, and what is due together how often. Written before. */
static int64_t start, first, per_tick, tick;
static uint32_t *latencies, *delays;
static int64_t latency_count, delay_count;

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static const char *text(const char *name) {
    size_t length = strlen(name);
    for (int at = 1; at < argument_count; at++)
        if (strncmp(arguments[at], name, length) == 0 && arguments[at][length] == '=')
            return arguments[at] + length + 1;
    fail(name);
    return NULL;
}

static int64_t number(const char *name) { return atoll(text(name)); }

static bool is(const char *name, const char *value) { return strcmp(text(name), value) == 0; }

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void sleep_until(int64_t due) {
    struct timespec time = {due / SECOND, due % SECOND};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int64_t cpu_time(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
}

static char *read_file(const char *path, int64_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    fseek(file, 0, SEEK_END);
    *bytes = ftell(file);
    rewind(file);
    char *content = malloc(*bytes);
    if (fread(content, 1, *bytes, file) != (size_t)*bytes) fail(path);
    fclose(file);
    return content;
}

/* Called by whoever polls. */
static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
    (void)rk, (void)opaque;
    if (message->err) fail(rd_kafka_err2str(message->err));
    atomic_store_explicit(&acked, atomic_load_explicit(&acked, memory_order_relaxed) + 1, memory_order_relaxed);
    int64_t record = (int64_t)(intptr_t)message->_private;
    if (latencies && record >= first) {
        int64_t late = now() - (start + (record - first) / per_tick * tick);
        latencies[latency_count++] = late > 0 ? late / 1000 : 0;
    }
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) fail(why);
}

static void open_client(void) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", text("bootstrap"));
    set(conf, "compression.type", text("compression"));
    set(conf, "acks", "all");
    set(conf, "enable.idempotence", "true");
    if (is("defaults", "false")) {
        set(conf, "batch.size", text("batch"));
        set(conf, "linger.ms", text("linger_ms"));
        set(conf, "queue.buffering.max.messages", text("unacked"));
        set(conf, "max.in.flight.requests.per.connection", "5");
    }
    if (*text("keys")) set(conf, "partitioner", "murmur2_random");
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    char why[256];
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (!client) fail(why);
    topic = rd_kafka_topic_new(client, text("topic"), NULL);
}

/* One record after another: full means that reports are waited for. */
static void send_each(int64_t from, int64_t to, bool poll) {
    for (int64_t record = from; record < to; record++) {
        int32_t partition = partitions ? (int32_t)(record % partitions) : RD_KAFKA_PARTITION_UA;
        char *value = values + record % value_count * value_bytes;
        char *key = key_count ? keys + record % key_count * KEY_BYTES : NULL;
        while (rd_kafka_produce(topic, partition, 0, value, value_bytes, key, key ? KEY_BYTES : 0,
                                (void *)(intptr_t)record) != 0) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail("rd_kafka_produce");
            if (poll) rd_kafka_poll(client, 10);
            else usleep(1000);
        }
        if (poll && record % CHUNK == 0) rd_kafka_poll(client, 0);
    }
}

/* Many in one call. What does not fit stands in the array with its error, and is tried again. */
static void send_batches(int64_t from, int64_t to, bool poll) {
    rd_kafka_message_t messages[CHUNK];
    for (int64_t record = from; record < to;) {
        int count = 0;
        for (; count < CHUNK && record < to; count++, record++) {
            messages[count] = (rd_kafka_message_t){
                .payload = values + record % value_count * value_bytes,
                .len = value_bytes,
                .key = key_count ? keys + record % key_count * KEY_BYTES : NULL,
                .key_len = key_count ? KEY_BYTES : 0,
                .partition = partitions ? (int32_t)(record % partitions) : RD_KAFKA_PARTITION_UA,
                ._private = (void *)(intptr_t)record,
            };
        }
        int flags = partitions ? RD_KAFKA_MSG_F_PARTITION : 0;
        while (count > 0) {
            int taken = rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, flags, messages, count);
            if (taken == count) break;
            int left = 0;
            for (int at = 0; at < count; at++) {
                if (messages[at].err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
                if (messages[at].err != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail("rd_kafka_produce_batch");
                messages[left] = messages[at];
                messages[left++].err = RD_KAFKA_RESP_ERR_NO_ERROR;
            }
            count = left;
            if (poll) rd_kafka_poll(client, 10);
            else usleep(1000);
        }
        if (poll) rd_kafka_poll(client, 0);
    }
}

static void send_records(int64_t from, int64_t to, bool poll) {
    if (batches) send_batches(from, to, poll);
    else send_each(from, to, poll);
}

static void flush(void) {
    if (rd_kafka_flush(client, 60000) != RD_KAFKA_RESP_ERR_NO_ERROR) fail("not all were acknowledged in a minute");
}

static int by_size(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return a < b ? -1 : a > b;
}

static uint32_t quantile(uint32_t *sorted, int64_t count, int percent) {
    return count ? sorted[(count - 1) * percent / 100] : 0;
}

static void report(int64_t records, int64_t wall, int64_t cpu) {
    qsort(latencies, latency_count, sizeof *latencies, by_size);
    qsort(delays, delay_count, sizeof *delays, by_size);
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm && fscanf(statm, "%*d %ld", &pages) != 1) pages = 0;
    struct mallinfo2 heap = mallinfo2();
    printf("records=%lld acked=%lld cpu_ns=%lld wall_ns=%lld rss_kib=%ld heap_kib=%zu p50_us=%u p99_us=%u late_us=%u sent=%lld\n",
           (long long)records, (long long)atomic_load(&acked), (long long)cpu, (long long)wall, pages * 4,
           (heap.uordblks + heap.hblkhd) / 1024, quantile(latencies, latency_count, 50),
           quantile(latencies, latency_count, 99), quantile(delays, delay_count, 99), (long long)atomic_load(&sent));
    fflush(stdout);
}

static void *poll_for_ever(void *nothing) {
    for (;;) rd_kafka_poll(client, 1000);
    return nothing;
}

/* Records as they fall due, each timed from then; reports are taken by a thread of their own. */
static void paced(int64_t from, int64_t to, int64_t pace) {
    per_tick = pace >= 1000 ? pace / 1000 : 1;
    tick = pace >= 1000 ? MILLISECOND : SECOND / pace;
    latencies = calloc(to - from, sizeof *latencies);
    delays = calloc(to - from, sizeof *delays);
    first = from;
    start = now() + tick;
    pthread_t poller;
    pthread_create(&poller, NULL, poll_for_ever, NULL);
    int64_t due = start;
    for (int64_t next = from; next < to; next += per_tick, due += tick) {
        sleep_until(due);
        int64_t late = now() - due;
        delays[delay_count++] = late > 0 ? late / 1000 : 0;
        send_records(next, next + per_tick < to ? next + per_tick : to, false);
    }
    while (atomic_load_explicit(&acked, memory_order_relaxed) < to) usleep(1000);
}

static void *watch(void *window_ms) {
    sleep(1);
    int64_t wall = now(), cpu = cpu_time(), before = atomic_load(&acked);
    sleep_until(wall + (int64_t)(intptr_t)window_ms * MILLISECOND);
    report(atomic_load(&acked) - before, now() - wall, cpu_time() - cpu);
    _exit(0);
}

int main(int count, char **line) {
    argument_count = count, arguments = line;
    int64_t bytes;
    value_bytes = number("value");
    values = read_file(text("values"), &bytes);
    value_count = bytes / value_bytes;
    if (*text("keys")) {
        keys = read_file(text("keys"), &bytes);
        key_count = bytes / KEY_BYTES;
    }
    partitions = is("round_robin", "true") ? number("partitions") : 0;
    batches = is("mode", "batch");
    open_client();
    if (number("window_ms") > 0) {
        pthread_t watcher;
        pthread_create(&watcher, NULL, watch, (void *)(intptr_t)number("window_ms"));
        for (int64_t next = 0;; next += CHUNK) {
            send_records(next, next + CHUNK, true);
            atomic_store(&sent, next + CHUNK);
        }
    }
    int64_t warmup = number("warmup"), records = number("records"), pace = number("pace");
    send_records(0, warmup, true);
    flush();
    int64_t wall = now(), cpu = cpu_time();
    if (pace > 0) {
        paced(warmup, warmup + records, pace);
    } else {
        send_records(warmup, warmup + records, true);
        flush();
    }
    report(records, now() - wall, cpu_time() - cpu);
    return atomic_load(&acked) == warmup + records ? 0 : 1;
}
