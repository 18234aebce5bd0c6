//! Where the validator found something, as our errors say it.

use jsonschema::ValidationError;
use jsonschema::paths::{Location, LocationSegment};
use milena::SerializeError;

/// What is wrong with a value, and where.
pub(super) fn located(error: &ValidationError<'_>) -> SerializeError {
    let mut segments: Vec<_> = error.instance_path().iter().collect();
    let mut located = SerializeError::new(cut(error.to_string()));
    while let Some(segment) = segments.pop() {
        located = match segment {
            LocationSegment::Property(name) => located.in_field(name),
            LocationSegment::Index(index) => located.at_index(index),
        };
    }
    located
}

/// As a JSON pointer.
pub(super) fn pointer(location: &Location) -> String {
    location.as_str().to_owned()
}

/// The validator shows the value itself, which may be megabytes.
fn cut(mut reason: String) -> String {
    const MOST_CHARACTERS: usize = 300;
    if let Some((end, _)) = reason.char_indices().nth(MOST_CHARACTERS) {
        reason.truncate(end);
        reason.push('…');
    }
    reason
}
