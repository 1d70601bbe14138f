//! One call of a writer: what it says has changed, before or after its body.

use super::call::Place;
use crate::cache::{Announced, Cache, defer_event};
use crate::error::Error;
use crate::event::Event;
use crate::writer::Writer;

/// A call of a writer, with the cache that it invalidates.
#[derive(Debug)]
pub struct Write {
    cache: Cache,
    writer: &'static Writer,
}

/// A guarded write between its announcement and its end.
#[derive(Debug)]
pub struct Guarded {
    write: Write,
    announced: Option<Announced>,
}

impl Write {
    /// Takes the cache.
    pub fn open(place: Place, writer: &'static Writer) -> Self {
        Self { cache: place.take(), writer }
    }

    /// Emits what a write that succeeded has changed: now, or with the transaction that it is part of.
    ///
    /// The write is done, so its caller is not told of an invalidation that is not: that is a count, and a notice.
    pub async fn emit(self, events: impl IntoIterator<Item = Option<Event>>) {
        let (events, failed) = self.not_deferred(events);
        if let Some(error) = failed {
            self.failed(&error);
        }
        if !events.is_empty()
            && let Err(error) = self.cache.emit_events(events).await
        {
            self.failed(&error);
        }
    }

    /// Announces what a write is about to change.
    ///
    /// # Errors
    /// If that could not be done: then the write must not begin.
    pub async fn announce(self, events: impl IntoIterator<Item = Option<Event>>) -> Result<Guarded, Error> {
        let (events, failed) = self.not_deferred(events);
        if let Some(error) = failed {
            return Err(error);
        }
        if events.is_empty() {
            crate::cache::announce_deferred().await?;
            return Ok(Guarded { write: self, announced: None });
        }
        let announced = self.cache.announce_events(events).await?;
        Ok(Guarded { write: self, announced: Some(announced) })
    }

    /// What no open transaction has taken, and what was wrong with what it did not take.
    fn not_deferred(&self, events: impl IntoIterator<Item = Option<Event>>) -> (Vec<Event>, Option<Error>) {
        let (mut own, mut failed) = (Vec::new(), None);
        for event in events.into_iter().flatten() {
            match defer_event(&self.cache, event) {
                Ok(deferred) => failed = failed.or(deferred.err()),
                Err(event) => own.push(event),
            }
        }
        (own, failed)
    }

    fn failed(&self, error: &Error) {
        self.cache.not_invalidated(self.writer.path(), error);
    }
}

impl Guarded {
    /// Ends the announcement, whether the write succeeded or not.
    pub async fn settle(self) {
        if let Some(announced) = self.announced
            && let Err(error) = announced.settle().await
        {
            self.write.failed(&error);
        }
    }
}
