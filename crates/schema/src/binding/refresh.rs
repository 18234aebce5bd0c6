//! A subject's latest schema, asked for again and again behind the records' back.

use super::bound::{Bound, Current, Prepared};
use super::{BindingError, Recipe};
use crate::format::Format;
use crate::registry::{Question, Registry};
use arc_swap::ArcSwap;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long the registry may take for an answer that nobody waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked again, and what becomes of the answer.
struct Refresh<F: Format<T>, T: ?Sized> {
    /// The registry lives as long as something here does.
    registry: Registry,
    recipe: Recipe<F, T>,
    question: Question,
    ttl: Duration,
    /// Gone when the last serializer is: then nobody asks any more.
    current: Weak<Current<F::Encoder>>,
}

/// A bound serializer whose schema is asked for again every `ttl`.
pub(super) fn start<F, T>(
    registry: &Registry,
    recipe: Recipe<F, T>,
    question: Question,
    ttl: Duration,
    prepared: Prepared<F::Encoder>,
) -> Bound<F::Encoder>
where
    T: ?Sized + 'static,
    F: Format<T> + 'static,
    F::Encoder: 'static,
{
    let current = Arc::new(Current::Latest(ArcSwap::from_pointee(prepared)));
    let refresh = Refresh { registry: registry.clone(), recipe, question, ttl, current: Arc::downgrade(&current) };
    Arc::new(refresh).again();
    Bound { current }
}

impl<F, T> Refresh<F, T>
where
    T: ?Sized + 'static,
    F: Format<T> + 'static,
    F::Encoder: 'static,
{
    fn again(self: Arc<Self>) {
        let (registry, ttl) = (self.registry.clone(), self.ttl);
        registry.later(ttl, move || {
            let Some(current) = self.current.upgrade() else { return };
            if let Err(error) = self.refresh(&current) {
                // The old one still is a schema of the subject: records go on.
                tracing::warn!(%error, "the latest schema could not be renewed; the last one is kept");
            }
            drop(current);
            self.again();
        });
    }

    fn refresh(&self, current: &Current<F::Encoder>) -> Result<(), BindingError> {
        let Current::Latest(latest) = current else { return Ok(()) };
        // Half of it: serializers of one subject share an answer, and none asks for one that it has had already.
        let needs_guid = self.recipe.framing.needs_guid();
        let found = self.registry.ask_here(&self.question, needs_guid, self.ttl / 2, PATIENCE)?;
        if *found != *latest.load().resolved {
            tracing::info!(subject = found.subject, id = found.id, version = found.version, "a newer schema");
            latest.store(Arc::new(self.recipe.prepare(found)?));
        }
        Ok(())
    }
}
