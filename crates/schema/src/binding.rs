//! A format on its way to a topic: bound once, and after that a record asks nobody.

mod bound;
mod error;
mod formats;
mod refresh;
mod strict;

pub use bound::Bound;
pub use error::BindingError;

use crate::format::Format;
use crate::framing::Framing;
use crate::policy::Policy;
use crate::registry::{Own, Question, Registry};
use crate::rules;
use crate::schema::{Resolved, Schema};
use crate::subject::SubjectStrategy;
use bound::Prepared;
use milena::serializer::{Bind, BindError, Side, Target};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A serializer for values of type `T` that asks a registry when it is bound: the policy, the subject and the framing can be
/// chosen before; unless chosen they are the registry's settings.
///
/// # Errors
/// Binding fails with [`BindingError`] inside [`BindError`]: all that can be wrong with settings, registry and schema is said
/// then, and nothing is sent.
///
/// # Cost
/// Binding: one request; one or two more for each reference, for an association, or for the GUID of the header framing where
/// the registry does not tell it at once. After that a record costs its encoding and a copy of a few bytes: no lock, no
/// request, no allocation.
pub struct Binding<F, T: ?Sized> {
    registry: Registry,
    format: F,
    policy: Option<Policy>,
    strategy: Option<SubjectStrategy>,
    subject: Option<String>,
    framing: Option<Framing>,
    values: PhantomData<fn(&T)>,
}

impl Registry {
    /// A format of values, to be bound to a topic.
    pub fn serializer<T: ?Sized, F: Format<T>>(&self, format: F) -> Binding<F, T> {
        Binding {
            registry: self.clone(),
            format,
            policy: None,
            strategy: None,
            subject: None,
            framing: None,
            values: PhantomData,
        }
    }
}

impl<F, T: ?Sized> Binding<F, T> {
    /// Which of the subject's schemas records are written by.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// How topic and record make a subject.
    #[must_use]
    pub fn subject_strategy(mut self, strategy: SubjectStrategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// The subject itself, whatever the strategy.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// How records name their schema.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = Some(framing);
        self
    }
}

impl<F, T> Bind for Binding<F, T>
where
    T: ?Sized + 'static,
    F: Format<T> + 'static,
    F::Encoder: 'static,
{
    type Bound = Bound<F::Encoder>;

    async fn bind(self, target: Target) -> Result<Self::Bound, BindError> {
        self.bind_to(&target).await.map_err(|error| BindError::new(&target, error))
    }
}

impl<F, T> Binding<F, T>
where
    T: ?Sized + 'static,
    F: Format<T> + 'static,
    F::Encoder: 'static,
{
    async fn bind_to(self, target: &Target) -> Result<Bound<F::Encoder>, BindingError> {
        let deadline = Instant::now() + target.patience;
        let defaults = self.registry.defaults();
        let policy = self.policy.clone().unwrap_or_else(|| defaults.policy.clone());
        let recipe = Recipe {
            framing: self.framing.clone().unwrap_or_else(|| defaults.framing(target.side).clone()),
            strict: matches!(policy, Policy::Latest { strict: true, .. }),
            side: target.side,
            format: self.format,
            values: self.values,
        };
        let choice = Choice {
            registry: &self.registry,
            strategy: self.strategy.as_ref().unwrap_or_else(|| defaults.strategy(target.side)),
            subject: self.subject.as_deref(),
            record_name: recipe.format.record_name(None),
        };
        let question = choice.question(&policy, recipe.format.schema(), target, deadline).await?;
        let (ttl, changes) = match policy {
            Policy::Latest { ttl, .. } => (ttl, true),
            _ => (None, false),
        };
        let max_age = if changes { ttl } else { Some(Duration::ZERO) };
        let needs_guid = recipe.framing.needs_guid();
        let resolved = self.registry.ask(question.clone(), needs_guid, max_age, left(deadline)).await?;
        let prepared = recipe.prepare(resolved)?;
        match ttl {
            None => Ok(Bound::fixed(prepared)),
            Some(ttl) => Ok(refresh::start(&self.registry, recipe, question, ttl, prepared)),
        }
    }
}

/// What is needed to find the question.
struct Choice<'a> {
    registry: &'a Registry,
    strategy: &'a SubjectStrategy,
    subject: Option<&'a str>,
    record_name: Option<String>,
}

impl Choice<'_> {
    async fn question(
        &self,
        policy: &Policy,
        own: Option<&Schema>,
        target: &Target,
        deadline: Instant,
    ) -> Result<Question, BindingError> {
        let own = |policy: &'static str| match own {
            Some(schema) => Ok(Own::new(Arc::new(schema.clone()))),
            None => Err(BindingError::NoSchema { policy }),
        };
        Ok(match policy {
            Policy::Register { normalize } => {
                let own = own("Register")?;
                Question::Register { subject: self.subject(target, deadline).await?, own, normalize: *normalize }
            }
            Policy::Lookup { normalize } => {
                let own = own("Lookup")?;
                Question::LookUp { subject: self.subject(target, deadline).await?, own, normalize: *normalize }
            }
            Policy::Latest { .. } => {
                Question::Version { subject: self.subject(target, deadline).await?, version: None }
            }
            Policy::Metadata(properties) => {
                let properties = properties.clone();
                Question::Metadata { subject: self.subject(target, deadline).await?, properties }
            }
            Policy::Id(id) => Question::Id { id: *id, subject: self.registry.place_of_ids(self.subject) },
            Policy::Guid(guid) => Question::Guid(*guid),
        })
    }

    async fn subject(&self, target: &Target, deadline: Instant) -> Result<String, BindingError> {
        if let Some(subject) = self.subject {
            return Ok(self.registry.subject(subject));
        }
        if let SubjectStrategy::Associated { cluster, .. } = self.strategy {
            let (cluster, topic) = (cluster.clone(), target.topic.to_string());
            let mut found = self.registry.associated(cluster, topic, target.side, left(deadline)).await?;
            match (found.pop(), found.is_empty()) {
                (Some(subject), true) => return Ok(self.registry.subject(&subject)),
                (Some(subject), false) => {
                    found.push(subject);
                    return Err(BindingError::Associations { subjects: found });
                }
                (None, _) => {}
            }
        }
        let subject = self.strategy.subject(&target.topic, target.side, self.record_name.as_deref())?;
        Ok(self.registry.subject(&subject))
    }
}

/// How an encoder is made from a schema that was found, now and at every refresh.
struct Recipe<F, T: ?Sized> {
    format: F,
    framing: Framing,
    strict: bool,
    side: Side,
    values: PhantomData<fn(&T)>,
}

impl<T: ?Sized, F: Format<T>> Recipe<F, T> {
    fn prepare(&self, resolved: Arc<Resolved>) -> Result<Prepared<F::Encoder>, BindingError> {
        rules::check(&resolved.schema)?;
        if let (true, Some(own)) = (self.strict, self.format.schema()) {
            strict::check(own, &resolved.schema).map_err(BindingError::Strict)?;
        }
        let encoder = self.format.compile(&resolved).map_err(|error| BindingError::Schema(Arc::new(error)))?;
        let name = self.format.record_name(Some(&resolved.schema));
        Prepared::new(encoder, &self.framing, self.side, name.as_deref(), resolved)
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

impl<F, T: ?Sized> fmt::Debug for Binding<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("registry", &self.registry)
            .field("policy", &self.policy)
            .field("strategy", &self.strategy)
            .field("subject", &self.subject)
            .field("framing", &self.framing)
            .finish_non_exhaustive()
    }
}
