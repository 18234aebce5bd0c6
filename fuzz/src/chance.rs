//! Inputs by chance: what Java's classes wrote, changed a little or much, and bytes that mean nothing. The same seed gives the same
//! inputs.

use crate::machines::Step;
use fastrand::Rng;
use std::path::Path;

/// The largest input, bytes.
const LONGEST: usize = 1 << 20;

/// Numbers at which lengths and counts go wrong.
const EDGES: [i64; 12] = [0, 1, -1, 2, 127, 128, 255, 32_767, 2_147_483_647, -2_147_483_648, 4_294_967_295, i64::MIN];

/// What Java wrote, to begin with.
pub struct Corpus {
    /// Bodies of responses: the message's number among those that are fuzzed, its version, its bytes.
    pub responses: Vec<(u8, i16, Vec<u8>)>,
    /// Record batches.
    pub batches: Vec<Vec<u8>>,
}

impl Corpus {
    /// Reads it from the tests of `crates/wire`.
    ///
    /// # Panics
    /// If it is not there.
    pub fn read() -> Self {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wire/tests/golden");
        let mut responses = Vec::new();
        for (number, name) in (0..).zip(crate::responses::names()) {
            let path = golden.join(format!("messages/{name}.txt"));
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            responses.extend(text.lines().filter_map(|line| {
                let mut words = line.strip_prefix("response ")?.split(' ');
                Some((number, words.next()?.parse().ok()?, unhex(words.next()?)?))
            }));
        }
        let mut paths: Vec<_> = std::fs::read_dir(golden.join("batches")).expect("golden batches").flatten().collect();
        paths.sort_by_key(std::fs::DirEntry::path);
        let batches = paths.iter().map(|path| std::fs::read(path.path()).expect("a golden batch")).collect();
        Self { responses, batches }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Bytes that mean nothing; small ones more often than large ones.
pub fn noise(chance: &mut Rng) -> Vec<u8> {
    let most = 1 << chance.u32(0..=LONGEST.ilog2());
    let length = chance.usize(0..=most);
    // All of one kind now and then: long runs of zeros are empty strings and arrays without end.
    match chance.u8(..4) {
        0 => vec![chance.u8(..); length],
        1 => vec![0; length],
        _ => (0..length).map(|_| chance.u8(..)).collect(),
    }
}

/// The same bytes with a few things done to them.
pub fn changed(bytes: &[u8], chance: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..chance.u32(1..6) {
        let at = chance.usize(0..=bytes.len());
        match chance.u8(..7) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, chance.u8(..)),
            2 => drop(bytes.splice(at.., noise(chance))),
            3 => {
                // A part of it again, often.
                let part = bytes[at..].iter().take(64).copied().collect::<Vec<_>>();
                let times = (LONGEST / part.len().max(1)).min(1 << chance.u32(0..16));
                drop(bytes.splice(at..at, part.repeat(times).into_iter().take(LONGEST)));
            }
            4 => write_edge(&mut bytes, at, chance),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << chance.u8(..8);
                }
            }
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

fn write_edge(bytes: &mut [u8], at: usize, chance: &mut Rng) {
    let edge = chance.choice(EDGES).expect("there are some").to_be_bytes();
    let width = chance.choice([1, 2, 4, 8]).expect("there are some");
    let written = bytes.iter_mut().skip(at).zip(&edge[8 - width..]);
    written.for_each(|(byte, edge)| *byte = *edge);
}

/// A frame around some bytes, or many of them.
pub fn framed(corpus: &Corpus, chance: &mut Rng) -> Vec<u8> {
    let mut stream = Vec::new();
    for _ in 0..chance.u32(1..40) {
        let (_, _, body) = chance.choice(&corpus.responses).expect("there are some");
        stream.extend_from_slice(&u32::try_from(body.len()).unwrap_or_default().to_be_bytes());
        stream.extend_from_slice(body);
    }
    if chance.bool() { stream } else { changed(&stream, chance) }
}

/// Operations for the machines, with answers among them that are right, nearly right, and wrong.
pub fn steps<'a>(pool: &'a [Vec<u8>], chance: &mut Rng) -> Vec<Step<'a>> {
    let bytes = |chance: &mut Rng| chance.choice(pool).map_or(&[][..], Vec::as_slice);
    let count = chance.u32(..200);
    let step = |_| {
        let number = chance.u8(..4);
        match chance.u8(..20) {
            0..=4 => Step::Send {
                partition: chance.bool().then_some(number),
                value: bytes(chance).get(..chance.usize(..40)).unwrap_or_default(),
            },
            5 | 6 => Step::Open(number),
            7 => Step::Cut(number),
            8 | 9 => Step::Transmitted(number),
            10 => Step::Bytes(number, bytes(chance)),
            11 => Step::Answer(number, bytes(chance)),
            12..=14 => Step::Honest(number),
            15 | 16 => Step::Nearly(number, chance.u16(..), chance.u8(..)),
            17 | 18 => Step::Pass(1 << chance.u32(..16)),
            _ => Step::Flush,
        }
    };
    (0..count).map(step).collect()
}
