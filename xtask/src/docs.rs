//! `cargo xtask docs`: CONFIGURATION.md, made from the one table of knobs, and that of a registry's settings.

use crate::workspace;
use anyhow::ensure;
use milena::knobs::{GROUPS, Group, Knob, Support, Unit};
use milena_schema::registry::knobs::KNOBS as REGISTRY;
use std::fmt::{self, Write};

/// Writes CONFIGURATION.md.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes nothing, and fails if the file is not what would be written
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let path = workspace::root().join("CONFIGURATION.md");
    let made = configuration()?;
    if args.check {
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        ensure!(there == made, "CONFIGURATION.md is not what the table of knobs makes: run `cargo xtask docs`");
    } else {
        std::fs::write(&path, made)?;
    }
    Ok(())
}

/// What stands before the table, and holds for every knob.
const INTRODUCTION: &str = "\
# Configuration

<!-- Made by `cargo xtask docs` from crates/milena/src/knobs and crates/schema/src/registry/knobs.rs. Change it there. -->

Settings have the Java producer's names, defaults and ranges (Apache Kafka 4.3.1), so a Java producer's properties file can be
used as it is: `Producer::from_properties`, `milena produce --config FILE` and `-X NAME=VALUE`. In code each has a method of
the builder, named below; both ways end in the same table and the same checks. `milena config explain NAME` prints an entry.

What holds for all of them:

- Text is trimmed. Switches are `true` or `false` in any case, lists have commas between their words, and a word given twice
  counts once. A number of milliseconds is whole; the builder's setters take a `Duration`, parts of a millisecond included.
- The later of two values of a name holds.
- **Unlike Java, a name that is not known is an error**, and so is one that asks for what is not there: a misspelled setting does
  nothing in Java, silently. All mistakes are reported at once, each with the name, the value and what can be done.
- Settings are checked against each other in Java's order. Where Java adjusts one with a line in its log, the producer does the
  same with a warning.
- **Unlike Java**, a class of Kafka's own, a serializer or a partitioner, may be named without its package; other classes cannot
  be loaded.

";

fn configuration() -> Result<String, fmt::Error> {
    let mut page = String::from(INTRODUCTION);
    for group in GROUPS {
        writeln!(page, "- [{}](#{})", group.title, anchor(group.title))?;
    }
    writeln!(page, "- [{REGISTRY_TITLE}](#{})", anchor(REGISTRY_TITLE))?;
    for group in GROUPS {
        writeln!(page, "\n## {}\n\n{}", group.title, group.doc)?;
        if group.knobs.iter().all(Knob::is_supported) {
            group.knobs.iter().try_for_each(|knob| entry(&mut page, knob))?;
        } else {
            answers(&mut page, group)?;
        }
    }
    registry(&mut page)?;
    Ok(page)
}

const REGISTRY_TITLE: &str = "Schema registry";

/// Settings of `milena-schema`: a table of their own, with other names.
fn registry(page: &mut String) -> fmt::Result {
    writeln!(
        page,
        "\n## {REGISTRY_TITLE}\n\nSettings of `milena-schema`'s registry, by the names that Java's serializers have for them \
         ([docs/schema.md](docs/schema.md)). All but those of TLS are known with and without `schema.registry.` before them. They \
         may stand in the producer's file, where a name that both have is the producer's. Two that contradict each other are an \
         error that names both.\n"
    )?;
    writeln!(page, "| name | default | |\n|---|---|---|")?;
    for knob in REGISTRY {
        let default = knob.default.map_or_else(String::new, |default| format!("`{default}`"));
        let answer = knob.answer().map_or_else(String::new, |answer| format!("*{answer}:* "));
        writeln!(page, "| `{}` | {default} | {answer}{} |", knob.name, knob.doc)?;
    }
    Ok(())
}

/// A knob that does something: its facts, what it trades, where it differs.
fn entry(page: &mut String, knob: &Knob) -> fmt::Result {
    let default = match (knob.default, knob.unit) {
        (None, _) => "none".into(),
        (Some(""), _) => "empty".into(),
        (Some(default), Unit::None) => format!("`{default}`"),
        (Some(default), unit) => format!("{default}{unit}"),
    };
    let setter = knob.setter.map_or_else(|| "none".into(), |setter| format!("`{setter}`"));
    writeln!(page, "\n### `{}`\n", knob.name)?;
    writeln!(page, "| type | default | valid | setter | since |\n|---|---|---|---|---|")?;
    writeln!(page, "| {} | {default} | {}{} | {setter} | {} |\n", knob.kind.name(), knob.valid, knob.unit, knob.since)?;
    writeln!(page, "{}", knob.doc)?;
    if !knob.differs.is_empty() {
        writeln!(page, "\n*Unlike Java:* {}", knob.differs)?;
    }
    Ok(())
}

/// Knobs that do nothing: what setting them is answered with.
fn answers(page: &mut String, group: &Group) -> fmt::Result {
    writeln!(page, "\n| name | type | Java's default | answer |\n|---|---|---|---|")?;
    for knob in group.knobs {
        let (kind, default, answer) = match knob.support {
            Support::Removed(instead) => ("", String::new(), format!("error: {instead}")),
            Support::NoEffect(why) => (knob.kind.name(), default(knob), format!("warning: {why}")),
            Support::DefaultOnly(why) => (knob.kind.name(), default(knob), format!("error: {why}")),
            _ => (knob.kind.name(), default(knob), String::new()),
        };
        writeln!(page, "| `{}` | {kind} | {default} | {answer} |", knob.name)?;
    }
    Ok(())
}

fn default(knob: &Knob) -> String {
    match knob.default {
        None => "none".into(),
        Some("") => "empty".into(),
        Some(default) => format!("`{default}`"),
    }
}

/// A heading's address, as GitHub makes it.
fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -".contains(*letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use milena::knobs;

    #[test]
    fn the_page_that_is_checked_in_is_the_one_that_the_table_makes() {
        run(&Args { check: true }).unwrap();
    }

    #[test]
    fn every_knob_stands_on_the_page() {
        let page = configuration().unwrap();
        for name in knobs::all().map(|knob| knob.name).chain(REGISTRY.iter().map(|knob| knob.name)) {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }
}
