//! The read of many entries: one `MGET` in each partition involved, whatever their number.

use super::connect::Link;
use super::names::Names;
use super::read::Decided;
use super::reply::{Strings, string};
use super::route::Lane;
use super::{RedisStore, first_error};
use crate::error::StoreError;
use crate::key::{Dependency, Id, Key, Prehashed};
use crate::stamp::Partition;
use crate::store::{Read, Snapshot, Store, Want};
use ::redis::RedisResult;
use bytes::Bytes;
use futures_util::future::join_all;
use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::Arc;

/// What is asked of one partition.
#[derive(Default)]
struct Question<'a> {
    /// Each once, however many entries depend on it.
    generations: Vec<&'a Dependency>,
    /// Which of them is for which place of which read.
    places: Vec<(usize, usize, usize)>,
    /// Each with the number of its read.
    entries: Vec<(usize, &'a Key)>,
    asked: HashMap<Id, usize, Prehashed>,
}

impl RedisStore {
    pub(super) async fn look_at_many(&self, namespace: &str, reads: &[Read<'_>]) -> Result<Vec<Snapshot>, StoreError> {
        if reads.iter().any(|read| read.want != Want::Whole) {
            return join_all(reads.iter().map(|read| self.read(namespace, *read))).await.into_iter().collect();
        }
        let questions = questions(reads, self.route.partitions());
        let asked = questions.iter().map(|(partition, question)| async move {
            self.ask_all(&Names::new(namespace, *partition), question).await.map(|answer| (question, answer))
        });
        let asked = pin!(async { first_error(join_all(asked).await) });
        let answers = self.within(self.read_deadline, namespace, asked).await?;
        let empty = |read: &Read<'_>| Snapshot {
            entry: None,
            partitions: Vec::new(),
            generations: vec![None; read.dependencies.len()],
        };
        let mut snapshots: Vec<Snapshot> = reads.iter().map(empty).collect();
        for (question, (decided, entries)) in answers {
            for (generation, read, place) in &question.places {
                snapshots[*read].generations[*place] = decided.generations.get(*generation).copied().flatten();
            }
            for ((read, _), entry) in question.entries.iter().zip(entries) {
                snapshots[*read].entry = entry;
            }
            for read in question.reads() {
                snapshots[read].partitions.push(decided.position);
            }
        }
        Ok(snapshots)
    }

    async fn ask_all(&self, names: &Names, question: &Question<'_>) -> RedisResult<(Decided, Vec<Option<Bytes>>)> {
        let count = question.generations.len() + question.entries.len();
        let of = self.shares(names);
        let ask = |link: Arc<Link>| async move {
            let generations = question.generations.iter().map(|of| names.generation(of));
            let entries = question.entries.iter().map(|(_, key)| names.entry(key));
            let answer = link.line().look(of, names.meta(), generations.chain(entries)).await?;
            let (meta, own) = (string(&answer.common)?, &answer.own);
            let mut strings = Strings::listed(own, count);
            let generations = strings.by_ref().take(question.generations.len());
            let decided = Decided::of(&link, names.partition, meta, own, generations)?;
            Ok((decided, strings.map(|place| Some(own.slice(place?))).collect()))
        };
        self.route.ask(names, Lane::Shared, &ask).await
    }
}

impl<'a> Question<'a> {
    fn ask(&mut self, of: &'a Dependency, read: usize, place: usize) {
        let at = *self.asked.entry(of.id()).or_insert_with(|| {
            self.generations.push(of);
            self.generations.len() - 1
        });
        self.places.push((at, read, place));
    }

    /// Those that this partition is involved in, each once.
    fn reads(&self) -> Vec<usize> {
        let dependent = self.places.iter().map(|(_, read, _)| *read);
        let mut reads: Vec<usize> = dependent.chain(self.entries.iter().map(|(read, _)| *read)).collect();
        reads.sort_unstable();
        reads.dedup();
        reads
    }
}

fn questions<'a>(reads: &[Read<'a>], count: u16) -> BTreeMap<Partition, Question<'a>> {
    let mut questions: BTreeMap<Partition, Question<'a>> = BTreeMap::new();
    for (at, read) in reads.iter().enumerate() {
        questions.entry(read.key.partition(count)).or_default().entries.push((at, read.key));
        for (place, of) in read.dependencies.iter().enumerate() {
            questions.entry(of.partition(count)).or_default().ask(of, at, place);
        }
    }
    questions
}
