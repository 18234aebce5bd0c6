//! Every target, driven by chance alone: `short [--rounds N] [--seed S] [TARGET …]`. Ends with one line.

use fastrand::Rng;
use milena_fuzz::chance::{Corpus, changed, framed, noise, steps};
use milena_fuzz::{answers, batches, decompress, frames, machines, responses};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

/// A round of a target: an input is drawn, and given to it.
type Round = fn(&Corpus, &mut Rng);

/// Each with how many rounds count as one: the machines take as long for one as the others for many.
const TARGETS: &[(&str, u64, Round)] = &[
    ("frames", 1, |corpus, chance| {
        let bytes = if chance.u8(..4) == 0 { noise(chance) } else { framed(corpus, chance) };
        frames::run((chance.u8(..), &bytes));
    }),
    ("responses", 1, |corpus, chance| {
        let (number, version, bytes) = response(corpus, chance);
        responses::run((number, version, &bytes));
    }),
    ("answers", 1, |corpus, chance| {
        let (which, version, bytes) = answer(corpus, chance);
        answers::run((which, version, &bytes));
    }),
    ("batches", 1, |corpus, chance| {
        let batch = chance.choice(&corpus.batches).expect("there are some");
        batches::run(&if chance.u8(..8) == 0 { noise(chance) } else { changed(batch, chance) });
    }),
    ("decompress", 8, |corpus, chance| {
        let batch = chance.choice(&corpus.batches).expect("there are some");
        // Behind the batch's header lies what was compressed.
        let body = batch.get(61..).unwrap_or_default();
        decompress::run((chance.u8(..), &if chance.u8(..8) == 0 { noise(chance) } else { changed(body, chance) }));
    }),
    ("machines", 8, |corpus, chance| {
        let pool: Vec<_> = (0..4).map(|_| response(corpus, chance).2).collect();
        machines::run(steps(&pool, chance));
    }),
];

/// A response's number, version and bytes: as they were, changed, or noise.
fn response(corpus: &Corpus, chance: &mut Rng) -> (u8, u8, Vec<u8>) {
    let (number, version, bytes) = chance.choice(&corpus.responses).expect("there are some");
    let bytes = match chance.u8(..8) {
        0 => noise(chance),
        1 => bytes.clone(),
        _ => changed(bytes, chance),
    };
    (*number, u8::try_from(version - responses::first_version(*number)).unwrap_or_default(), bytes)
}

/// As [`response`], of the five that the producer reads.
fn answer(corpus: &Corpus, chance: &mut Rng) -> (u8, u8, Vec<u8>) {
    let asked = ["api_versions", "metadata", "produce", "init_producer_id", "list_offsets"];
    let which = chance.usize(..asked.len());
    let number = responses::names().position(|name| name == asked[which]);
    let of_it: Vec<_> = corpus.responses.iter().filter(|(other, ..)| Some(usize::from(*other)) == number).collect();
    let (_, version, bytes) = chance.choice(of_it).expect("there are some");
    let version = version
        - match asked[which] {
            "produce" => 3,
            "list_offsets" => 1,
            _ => 0,
        };
    let bytes = if chance.u8(..8) == 0 { noise(chance) } else { changed(bytes, chance) };
    (u8::try_from(which).unwrap_or_default(), u8::try_from(version).unwrap_or_default(), bytes)
}

fn main() -> ExitCode {
    let (mut rounds, mut seed, mut names) = (20_000u64, 0u64, Vec::new());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = |word: Option<String>| word.and_then(|word| word.parse().ok());
        match word.as_str() {
            "--rounds" => rounds = number(words.next()).unwrap_or(rounds),
            "--seed" => seed = number(words.next()).unwrap_or(seed),
            _ => names.push(word),
        }
    }
    let begun = Instant::now();
    let corpus = Corpus::read();
    let (mut all, mut targets) = (0, 0);
    for (name, weight, round) in TARGETS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        for number in seed..seed + rounds / weight {
            let mut chance = Rng::with_seed(number);
            if catch_unwind(AssertUnwindSafe(|| round(&corpus, &mut chance))).is_err() {
                println!("{name} fails: --seed {number} --rounds {weight} {name}");
                return ExitCode::FAILURE;
            }
        }
        all += rounds / weight;
        targets += 1;
        eprintln!("{name}: {} inputs, {:.1} s", rounds / weight, begun.elapsed().as_secs_f64());
    }
    println!("{all} inputs for {targets} targets hold, {:.1} s", begun.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}
