//! The first failures, to be told one by one; the rest are counted.

use super::Failure;
use milena::{DeliveryError, Written};
use std::sync::Arc;

/// How many are told.
const TOLD_MAX: usize = 10;

/// What is still to be told.
#[derive(Default)]
pub(super) struct Complaints {
    waiting: Vec<String>,
    count: usize,
    last: Option<(DeliveryError, Arc<str>)>,
}

impl Complaints {
    /// A line has failed.
    pub(super) fn add(&mut self, input: &str, line: u64, failure: &Failure) {
        self.count += 1;
        if self.count <= TOLD_MAX {
            let written = if failure.written == Written::Maybe { " (may be written all the same)" } else { "" };
            self.waiting.push(format!("{input}:{line}: {}{written}", failure.error));
        } else if self.count == TOLD_MAX + 1 {
            self.waiting.push("more failures follow; they are counted, not told".into());
        }
    }

    /// Those that were not taken before.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.waiting)
    }

    /// The text of an error: one for all records of a batch that failed together.
    pub(super) fn text_of(&mut self, error: &DeliveryError) -> Arc<str> {
        match &self.last {
            Some((last, text)) if last == error => Arc::clone(text),
            _ => {
                let text: Arc<str> = error.kind.to_string().into();
                self.last = Some((error.clone(), Arc::clone(&text)));
                text
            }
        }
    }
}
