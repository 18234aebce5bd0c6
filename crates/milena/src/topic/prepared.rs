//! A topic's name, and the number that spares looking it up.

use milena_core::{TopicIndex, TopicLayout};
use std::sync::{Arc, OnceLock};

/// One topic of one producer.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) name: Arc<str>,
    /// Known from the first record on, and the same for good.
    index: OnceLock<TopicIndex>,
}

impl Prepared {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self { name, index: OnceLock::new() }
    }

    /// The topic's number, once a record was accepted or a layout seen.
    #[inline]
    pub(crate) fn index(&self) -> Option<TopicIndex> {
        self.index.get().copied()
    }

    /// Takes the number from the topic's layout, if it has one.
    #[cold]
    pub(crate) fn learn(&self, layout: Option<&Arc<TopicLayout>>) {
        if let Some(layout) = layout {
            let _ = self.index.set(layout.index);
        }
    }
}
