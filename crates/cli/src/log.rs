//! What the library logs, on standard error: each warning once, so that a broker that is down is one line and not a hundred.

use crate::console::Console;
use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Different warnings that are told; more are not.
const TOLD_MAX: usize = 100;

/// Takes events of `max` and above; spans are none of its business.
struct Log {
    console: Arc<Console>,
    max: Level,
    told: Mutex<HashSet<String>>,
}

/// From now on the library's warnings are told, and with `verbose` its inner steps too.
pub(crate) fn start(console: &Arc<Console>, verbose: bool) {
    let max = if verbose { Level::DEBUG } else { Level::WARN };
    let log = Log { console: Arc::clone(console), max, told: Mutex::default() };
    // A second one, in tests, changes nothing.
    let _ = tracing::subscriber::set_global_default(log);
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.max && metadata.target().starts_with("milena")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let line = format!("{}: {}{}", event.metadata().level().as_str().to_lowercase(), text.message, text.fields);
        if *event.metadata().level() <= Level::WARN {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.len() >= TOLD_MAX || !told.insert(line.clone()) {
                return;
            }
        }
        self.console.note(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event's message, and its other fields behind it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " ({name}: {value:?})"),
        };
    }
}
