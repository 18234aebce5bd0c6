//! From what a topic's serializers are to be, to what they are: all that must be asked is asked at once, in time.

use super::{Topic, TopicBindError};
use crate::append::Place;
use crate::serializer::{Bind, BindError, Side, Target};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use thiserror::Error;

/// A serializer took longer than `max.block.ms` to find out what it must know.
#[derive(Debug, Error)]
#[error("not bound within max.block.ms = {max_block_ms}")]
struct Late {
    max_block_ms: u128,
}

impl<K: Bind, V: Bind> Topic<K, V> {
    /// Binds both serializers and waits for the topic's metadata, all at once, and at most `max.block.ms` for all together.
    /// After that, no record has to ask anybody.
    ///
    /// # Errors
    /// [`TopicBindError`]: what was heard from whoever was asked, or that they did not answer in time.
    ///
    /// # Cancel safety
    /// May be dropped at any moment.
    ///
    /// # Example
    /// ```no_run
    /// # use milena::{Producer, TopicRecord, serializers::{LongSerializer, StringSerializer}};
    /// # async fn example(producer: Producer) -> Result<(), Box<dyn std::error::Error>> {
    /// let counts = producer.topic("counts").key(StringSerializer).value(LongSerializer).bind().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind(self) -> Result<Topic<K::Bound, V::Bound>, TopicBindError> {
        let Self { producer, prepared, key, value } = self;
        let target = |side| Target::new(Arc::clone(&prepared.name), side, producer.shared.config.max_block);
        let (key_target, value_target) = (target(Side::Key), target(Side::Value));
        let mut layout = Place::of_topic(&producer.shared, &prepared);
        let mut patience = Place::new(&producer.shared);
        let (mut laid_out, mut bound_key, mut bound_value) = (None, None, None);
        let (mut key, mut value) = (pin!(key.bind(key_target.clone())), pin!(value.bind(value_target.clone())));
        let all = poll_fn(|context| {
            poll_once(&mut laid_out, |context| layout.poll_layout(&prepared.name, context), context)?;
            poll_once(&mut bound_key, |context| key.as_mut().poll(context), context)?;
            poll_once(&mut bound_value, |context| value.as_mut().poll(context), context)?;
            let late = match (&laid_out, &bound_key, &bound_value) {
                (Some(_), Some(_), Some(_)) => return Poll::Ready(Ok(())),
                (_, None, _) => &key_target,
                _ => &value_target,
            };
            patience.poll_patience(context).map(|over| {
                over?;
                let max_block_ms = late.patience.as_millis();
                Err(TopicBindError::from(BindError::new(late, Late { max_block_ms })))
            })
        });
        all.await?;
        drop((layout, patience));
        match (laid_out, bound_key, bound_value) {
            (Some(layout), Some(key), Some(value)) => {
                prepared.learn(Some(&layout));
                Ok(Topic { producer, prepared, key, value })
            }
            _ => unreachable!("all three are there when nothing is waited for"),
        }
    }
}

/// Polls what is not there yet.
fn poll_once<T, E: Into<TopicBindError>>(
    output: &mut Option<T>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<Result<T, E>>,
    context: &mut Context<'_>,
) -> Result<(), TopicBindError> {
    if output.is_none()
        && let Poll::Ready(ready) = poll(context)
    {
        *output = Some(ready.map_err(Into::into)?);
    }
    Ok(())
}
