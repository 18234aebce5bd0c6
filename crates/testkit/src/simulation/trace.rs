//! What happened, twice: as a number that two runs are compared by, and as a story when somebody wants to read it.

use super::calendar::Moment;

/// The trace of one schedule.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    story: Option<Vec<String>>,
}

impl Trace {
    pub(crate) fn new(tell: bool) -> Self {
        Self { hash: 0x6d69_6c65_6e61, story: tell.then(Vec::new) }
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.hash = (self.hash ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.number(u64::from_le_bytes(*word)));
        rest.iter().for_each(|byte| self.number((*byte).into()));
    }

    /// Adds a line to the story, if there is to be one.
    pub(crate) fn tell(&mut self, now: Moment, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{:>12.6} s  {}", now as f64 / 1e6, what()));
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn into_story(self) -> Vec<String> {
        self.story.unwrap_or_default()
    }
}
