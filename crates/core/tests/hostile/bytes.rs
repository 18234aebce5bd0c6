//! Every byte of every answer, changed in every way that a field could be wrong in.
//!
//! A field begins at some byte: what is written over every byte, in each width that a field has, is written over every
//! field.

use crate::alone;
use crate::broker::{AGES, Age};
use crate::stage::Stage;
use milena_wire::buf::Writer;
use milena_wire::version::ApiKey;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const APIS: [ApiKey; 5] =
    [ApiKey::API_VERSIONS, ApiKey::METADATA, ApiKey::INIT_PRODUCER_ID, ApiKey::PRODUCE, ApiKey::LIST_OFFSETS];

/// How a lie is told.
#[derive(Debug, Clone, Copy)]
enum Telling {
    /// At once; the cluster is honest from then on.
    AtOnce,
    /// Byte by byte.
    Dripping,
    /// At once; nobody says anything more until the record's time is over.
    AndSilence,
}

/// D17: negative and huge counts and lengths made a client panic, or spin.
#[test]
fn an_answer_that_lies_anywhere_harms_nobody() {
    let _alone = alone();
    let mut told = 0;
    for age in AGES {
        for api in APIS {
            for refused in [false, true] {
                if refused && api != ApiKey::PRODUCE {
                    continue;
                }
                let honest = honest_answer(age, api, refused);
                for lie in lies(&honest) {
                    let telling = match told % 8 {
                        0 => Telling::Dripping,
                        1 => Telling::AndSilence,
                        _ => Telling::AtOnce,
                    };
                    let outcome = catch_unwind(AssertUnwindSafe(|| tell(age, api, &lie, telling)));
                    if let Err(panic) = outcome {
                        eprintln!("{api}, {age:?}, {telling:?}\nhonest {honest:02x?}\nlie    {lie:02x?}");
                        resume_unwind(panic);
                    }
                    told += 1;
                }
            }
        }
    }
    assert!(told >= 20_000, "{told} lies");
}

/// The answer to the first question of an API, as frame.
fn honest_answer(age: Age, api: ApiKey, refused: bool) -> Vec<u8> {
    let (mut stage, _, _, question) = Stage::begin(age, api);
    if refused {
        let refusal = stage.cluster.refusal(&question);
        question.answer(&refusal)
    } else {
        stage.cluster.answer(&question)
    }
}

fn tell(age: Age, api: ApiKey, lie: &[u8], telling: Telling) {
    let (mut stage, delivery, connection, question) = Stage::begin(age, api);
    let chunk = if matches!(telling, Telling::Dripping) { 1 } else { lie.len() };
    stage.say(connection, &question, lie, chunk);
    stage.silent = matches!(telling, Telling::AndSilence);
    stage.is_believed_only_if_said(delivery.as_ref());
    stage.resolves(delivery.as_ref());
    stage.recovers();
}

/// The answer with one thing changed in it: lengths, counts, ids, codes, text.
fn lies(honest: &[u8]) -> Vec<Vec<u8>> {
    let mut lies = Vec::new();
    for at in 0..honest.len() {
        for width in [1, 2, 4, 8] {
            for value in values(width) {
                if let Some(place) = honest.get(at..at + width)
                    && place != value
                {
                    lies.push([&honest[..at], &value, &honest[at + width..]].concat());
                }
            }
        }
    }
    for at in 4..honest.len() {
        // A varint of one byte, in its place: the largest, one that is longer than it need be, two bytes' worth.
        for varint in [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0x80, 0x80, 0x00], &[0xff, 0x7f]] {
            lies.push(framed(&[&honest[4..at], varint, &honest[at + 1..]].concat()));
        }
        lies.push(framed(&honest[4..at]));
        lies.push(framed(&[&honest[4..at], &honest[at + 1..]].concat()));
        lies.push(framed(&[&honest[4..at], &[0], &honest[at..]].concat()));
    }
    // More than one answer, an answer and its beginning, and one that nobody asked for.
    lies.push([honest, honest].concat());
    lies.push([honest, &honest[..honest.len() / 2]].concat());
    lies.push(framed(&[&honest[4..], &[0; 9]].concat()));
    lies
}

fn values(width: usize) -> Vec<Vec<u8>> {
    let min = i64::MIN >> (64 - 8 * width);
    let of = |value: i64| value.to_be_bytes()[8 - width..].to_vec();
    [min, !min, -1, 0, 1, 2, 70_000, !min / 3].into_iter().map(of).collect()
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.i32(i32::try_from(body.len()).unwrap());
    writer.raw(body);
    writer.into_bytes()
}
