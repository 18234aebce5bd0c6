//! Both machines, driven by any sequence of operations.
#![no_main]

use milena_fuzz::machines::{Step, run};

libfuzzer_sys::fuzz_target!(|steps: Vec<Step<'_>>| run(steps));
