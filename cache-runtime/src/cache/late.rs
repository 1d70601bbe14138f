//! Tags that follow from the value, and are known only when it has been loaded.
//!
//! The load was begun without them, so nothing says yet that they were not invalidated meanwhile. Their generations are
//! made now, and a stamp from before the load decides as for any other dependency; memory is filled only after a question
//! to the store, since its cells did not exist while the load ran. Section 4 of `docs/protocol.md`.

use super::Cache;
use super::backing::Backing;
use super::ground::Ground;
use super::read::{Marks, Turn};
use super::request::Request;
use super::sequence::Mark;
use super::slot::{Made, Slot};
use crate::function::tag_dependency;
use crate::key::Dependency;
use crate::stamp::Partition;
use crate::store::{Begin, Begun};
use std::sync::Arc;

impl Cache {
    /// Where every partition stands, as far as it is known, if there are others than these: a load may name tags in any.
    pub(super) fn elsewhere(&self, grounds: &[Ground]) -> Marks {
        if grounds.len() == self.space.partitions.len() {
            return Marks::default();
        }
        self.space.partitions.iter().map(|knowledge| (knowledge.partition(), knowledge.now())).collect()
    }

    /// What this node did or heard of last in each partition.
    pub(super) fn latest_everywhere(&self) -> Vec<(Partition, u64)> {
        self.space.partitions.iter().map(|knowledge| (knowledge.partition(), knowledge.latest().raw())).collect()
    }

    /// The marks of a load's begin, and of the other partitions what was known before it.
    pub(super) fn widest(&self, marks: &Marks, before: &Marks) -> Marks {
        if before.is_empty() {
            return marks.clone();
        }
        let is_other = |(partition, _): &&(Partition, Mark)| marks.iter().all(|(of, _)| of != partition);
        marks.iter().chain(before.iter().filter(is_other)).copied().collect()
    }

    /// The request with the tags of a value.
    pub(super) fn tagged(&self, request: &Request, tags: Vec<String>) -> Request {
        request.depending_on(self.tag_names(&tags))
    }

    pub(super) fn tag_names(&self, tags: &[String]) -> Vec<Dependency> {
        self.names(tags.iter().map(|tag| tag_dependency(tag)).collect())
    }

    /// The request with what its value was found to depend on, if that adds anything; the turn is made to answer for it.
    pub(super) async fn with_late_names(
        &self,
        request: &Request,
        turn: &mut Turn,
        names: impl IntoIterator<Item = Dependency>,
    ) -> Option<Request> {
        let wider = request.depending_on(names);
        let late = &wider.dependencies[request.dependencies.len()..];
        if late.is_empty() {
            return None;
        }
        turn.grounds = wider.grounds(self);
        let known = |ground: &Ground| {
            let partition = ground.knowledge.partition();
            let mut marks = turn.marks.iter().chain(turn.before.iter());
            marks.find(|(of, _)| *of == partition).copied()
        };
        turn.marks = turn.grounds.iter().filter_map(known).collect();
        turn.begun = match turn.begun.take() {
            Some(begun) => self.begin_late(&wider, late, turn, begun).await,
            None => None,
        };
        Some(wider)
    }

    /// Makes the generations of late tags. None if the store does not answer: then nothing can be kept.
    async fn begin_late(&self, wider: &Request, late: &[Dependency], turn: &Turn, begun: Begun) -> Option<Begun> {
        let store = self.shared.store.as_ref()?;
        let made = match store.begin(&self.space.namespace, Begin { lease: None, ..wider.begin(late) }).await {
            Ok(made) => made,
            Err(error) => return self.store_failed("begin", &error),
        };
        let mut stamps = begun.stamps;
        for ground in &turn.grounds {
            let partition = ground.knowledge.partition();
            if stamps.iter().all(|(of, _)| *of != partition) {
                let (_, mark) = turn.marks.iter().find(|(of, _)| *of == partition)?;
                stamps.push((partition, ground.knowledge.stamp(*mark)?));
            }
        }
        Some(Begun { stamps, is_dirty: begun.is_dirty || made.is_dirty, ..begun })
    }

    /// Puts an entry into memory whose cells are younger than its load, if nothing has ended it since.
    pub(super) async fn insert_late(&self, request: &Request, made: Made) {
        if self.shared.store.is_some() {
            let _kept_if_valid = self.revalidate(request, &Arc::new(Slot::new(made))).await;
            return;
        }
        debug_assert_eq!(made.backing, Backing::Nothing);
        // Nothing at all happened here since the load began; more than that nobody can say.
        if made.roots.iter().all(|root| root.knowledge().now() == root.mark())
            && let Some(l1) = &self.shared.l1
        {
            l1.insert(request.print, Slot::new(made));
        }
    }
}
