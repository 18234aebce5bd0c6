//! One run: `bench-rskafka name=value…`. Its last line says what was measured.

fn main() -> anyhow::Result<()> {
    milena_bench::load::measure(std::env::args().skip(1), bench_rskafka::open)
}
