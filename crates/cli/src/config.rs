//! `milena config`: the table of settings, for people.

use crate::args::ConfigCommand;
use crate::console::{Console, result};
use crate::exit::Exit;
use milena::knobs::{self, Knob};
use milena_schema::registry::knobs as registry;
use std::fmt::Write as _;

/// Runs `milena config …`.
pub(crate) fn run(command: ConfigCommand) -> Exit {
    match command {
        ConfigCommand::List => result(list()),
        ConfigCommand::Explain { knob: None } => result(explain_all()),
        // A name that both have is the producer's: so are they read.
        ConfigCommand::Explain { knob: Some(name) } => match (knobs::find(&name), registry::find(&name)) {
            (Some(knob), _) => result(knob),
            (None, Some(knob)) => result(knob),
            (None, None) => {
                Console::new(false).error(unknown(&name));
                return Exit::Usage;
            }
        },
    }
    Exit::Acknowledged
}

/// Supported settings, one a line, in their groups.
fn list() -> String {
    let supported = |knob: &&Knob| knob.is_supported();
    let of_registry = || registry::KNOBS.iter().filter(|knob| knob.answer().is_none());
    let names = knobs::all().filter(supported).map(|knob| knob.name).chain(of_registry().map(|knob| knob.name));
    let width = names.map(str::len).max().unwrap_or(0);
    let line = |name: &str, default: Option<&str>| format!("  {name:width$}  {}", default.unwrap_or(""));
    let mut text = String::new();
    for group in knobs::GROUPS {
        let mut knobs = group.knobs.iter().filter(supported).peekable();
        if knobs.peek().is_none() {
            continue;
        }
        let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, group.title);
        for knob in knobs {
            let _ = writeln!(text, "{}", line(knob.name, knob.default).trim_end());
        }
    }
    text.push_str("\nSchema registry\n");
    for knob in of_registry() {
        let _ = writeln!(text, "{}", line(knob.name, knob.default).trim_end());
    }
    text.push_str(
        "\n`milena config explain NAME` says what one does and trades. Java's other names are known to explain too.",
    );
    text
}

/// Every row of the table.
fn explain_all() -> String {
    let groups = knobs::GROUPS.iter().map(|group| {
        let knobs: Vec<_> = group.knobs.iter().map(ToString::to_string).collect();
        format!("# {}\n\n{}\n\n{}", group.title, group.doc, knobs.join("\n\n"))
    });
    let of_registry: Vec<_> = registry::KNOBS.iter().map(ToString::to_string).collect();
    let of_registry = format!("# Schema registry\n\n{}", of_registry.join("\n\n"));
    groups.chain([of_registry]).collect::<Vec<_>>().join("\n\n")
}

fn unknown(name: &str) -> String {
    match knobs::nearest(name).or_else(|| registry::nearest(name)) {
        Some(near) => format!("no setting is called {name}; did you mean {near}?"),
        None => format!("no setting is called {name}; `milena config list` prints them all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_supported_knob_once() {
        let text = list();
        for knob in knobs::all().filter(|knob| knob.is_supported()) {
            let found = text.lines().filter(|line| line.split_whitespace().next() == Some(knob.name)).count();
            assert_eq!(found, 1, "{}", knob.name);
        }
        assert!(text.contains("\nSchema registry\n  schema.registry.url\n"), "{text}");
    }

    #[test]
    fn an_unknown_name_brings_the_nearest() {
        assert_eq!(unknown("linger.m"), "no setting is called linger.m; did you mean linger.ms?");
    }
}
