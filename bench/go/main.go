// One run of franz-go: `franzgo name=value…`, the same names as the clients in Rust. Its last line says what was measured.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const keyBytes = 16

type arguments map[string]string

func (a arguments) number(name string) int {
	number, err := strconv.Atoi(a[name])
	check(err)
	return number
}

// Counted by callbacks, which franz-go runs one at a time.
var (
	acked atomic.Int64
	// Handed over, in a run that lasts by time.
	sent      atomic.Int64
	latencies []int64
	// How late records were handed over.
	delays []int64
)

func main() {
	args := arguments{}
	for _, argument := range os.Args[1:] {
		name, value, _ := strings.Cut(argument, "=")
		args[name] = value
	}
	if args["mode"] == "lines" {
		lines(args)
		return
	}
	client, err := kgo.NewClient(options(args)...)
	check(err)
	run := newRun(args, client)
	if window := args.number("window_ms"); window > 0 {
		run.forAWhile(time.Duration(window) * time.Millisecond)
	}
	warmup, records, pace := args.number("warmup"), args.number("records"), args.number("pace")
	run.send(0, warmup, nil)
	check(client.Flush(context.Background()))
	before := mallocs()
	wall, cpu := time.Now(), cpuTime()
	if pace > 0 {
		run.paced(warmup, warmup+records, pace)
	} else {
		run.send(warmup, warmup+records, nil)
	}
	check(client.Flush(context.Background()))
	report(records, time.Since(wall), cpuTime()-cpu, before)
	if int(acked.Load()) != warmup+records {
		fmt.Fprintln(os.Stderr, "not all were acknowledged")
		os.Exit(1)
	}
}

func options(args arguments) []kgo.Opt {
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(args["bootstrap"], ",")...),
		kgo.DefaultProduceTopic(args["topic"]),
		kgo.ProducerBatchCompression(map[string]kgo.CompressionCodec{
			"none": kgo.NoCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
		}[args["compression"]]),
	}
	if args["round_robin"] == "true" {
		options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	if args["defaults"] == "true" {
		return options
	}
	// Five requests in flight is what an idempotent franz-go does; it takes no other number.
	return append(options,
		kgo.ProducerLinger(time.Duration(args.number("linger_ms"))*time.Millisecond),
		kgo.ProducerBatchMaxBytes(int32(args.number("batch"))),
		kgo.MaxBufferedRecords(args.number("unacked")),
	)
}

type run struct {
	client       *kgo.Client
	values, keys []byte
	value        int
	partitions   int
	roundRobin   bool
	pool         *sync.Pool
}

func newRun(args arguments, client *kgo.Client) *run {
	values, err := os.ReadFile(args["values"])
	check(err)
	run := &run{client: client, values: values, value: args.number("value")}
	run.partitions, run.roundRobin = args.number("partitions"), args["round_robin"] == "true"
	if args["keys"] != "" {
		run.keys, err = os.ReadFile(args["keys"])
		check(err)
	}
	if args["mode"] == "pool" {
		run.pool = &sync.Pool{New: func() any { return new(kgo.Record) }}
	}
	return run
}

// done is called with each record's number once it is acknowledged.
func (r *run) send(from, to int, done func(number int)) {
	ctx := context.Background()
	promise := func(record *kgo.Record, err error) {
		check(err)
		acked.Add(1)
		if r.pool != nil {
			*record = kgo.Record{}
			r.pool.Put(record)
		}
	}
	values, keys := len(r.values)/r.value, len(r.keys)/keyBytes
	for number := from; number < to; number++ {
		var record *kgo.Record
		if r.pool != nil {
			record = r.pool.Get().(*kgo.Record)
		} else {
			record = new(kgo.Record)
		}
		at := number % values * r.value
		record.Value = r.values[at : at+r.value]
		if keys > 0 {
			at := number % keys * keyBytes
			record.Key = r.keys[at : at+keyBytes]
		}
		if r.roundRobin {
			record.Partition = int32(number % r.partitions)
		}
		if done == nil {
			r.client.Produce(ctx, record, promise)
		} else {
			r.client.Produce(ctx, record, func(record *kgo.Record, err error) {
				promise(record, err)
				done(number)
			})
		}
	}
}

// Records as they fall due, each timed from then.
func (r *run) paced(from, to, pace int) {
	tick, perTick := time.Millisecond, pace/1000
	if pace < 1000 {
		tick, perTick = time.Second/time.Duration(pace), 1
	}
	var guard sync.Mutex
	start := time.Now().Add(tick)
	for next, due := from, start; next < to; next, due = next+perTick, due.Add(tick) {
		time.Sleep(time.Until(due))
		delays = append(delays, time.Since(due).Microseconds())
		r.send(next, min(next+perTick, to), func(number int) {
			late := time.Since(start.Add(tick * time.Duration((number-from)/perTick))).Microseconds()
			guard.Lock()
			latencies = append(latencies, late)
			guard.Unlock()
		})
	}
}

// As many as go in a time, after a second that does not count.
func (r *run) forAWhile(window time.Duration) {
	go func() {
		time.Sleep(time.Second)
		wall, cpu, before := time.Now(), cpuTime(), acked.Load()
		time.Sleep(window)
		report(int(acked.Load()-before), time.Since(wall), cpuTime()-cpu, mallocs())
		os.Exit(0)
	}()
	for next := 0; ; next += 64 {
		r.send(next, next+64, nil)
		sent.Store(int64(next + 64))
	}
}

// A record for each line, as `rpk topic produce` reads and sends them: kgo's own reader, and a callback.
func lines(args arguments) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(args["bootstrap"], ",")...),
		kgo.DefaultProduceTopic(args["topic"]),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	check(err)
	reader, err := kgo.NewRecordReader(os.Stdin, "%v\n")
	check(err)
	for {
		record, err := reader.ReadRecord()
		if errors.Is(err, io.EOF) {
			break
		}
		check(err)
		client.Produce(context.Background(), record, func(_ *kgo.Record, err error) { check(err) })
	}
	check(client.Flush(context.Background()))
}

func report(records int, wall, cpu time.Duration, before uint64) {
	requests := mallocs() - before
	p50, p99 := quantile(latencies, 50), quantile(latencies, 99)
	runtime.GC()
	var memory runtime.MemStats
	resident := residentKiB()
	runtime.ReadMemStats(&memory)
	fmt.Printf("records=%d acked=%d cpu_ns=%d wall_ns=%d rss_kib=%d heap_kib=%d allocations=%d p50_us=%d p99_us=%d late_us=%d sent=%d\n",
		records, acked.Load(), cpu.Nanoseconds(), wall.Nanoseconds(), resident, memory.HeapAlloc/1024, requests, p50, p99,
		quantile(delays, 99), sent.Load())
}

func quantile(times []int64, percent int) int64 {
	if len(times) == 0 {
		return 0
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return times[(len(times)-1)*percent/100]
}

func mallocs() uint64 {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.Mallocs
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func residentKiB() int {
	statm, err := os.ReadFile("/proc/self/statm")
	check(err)
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	check(err)
	return pages * 4
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
