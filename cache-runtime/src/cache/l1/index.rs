//! What answers: a table from fingerprints to places, which a hit reads without a lock.
//!
//! A bucket has room for a few words, each the number of a place and a part of the fingerprint that is held there; what it
//! has no room for goes to its neighbour. What neither has room for is found under the lock of whoever changes this, and
//! the table grows, after which there is none of it but by a chance that never comes. A bucket is never moved: when their
//! number doubles, the words of each are shared out between it and a new one. So who looks up may find nothing while
//! somebody makes changes, though there is something; under the lock, never.

use super::places::{self, Look, Number, Places, Printed};
use super::segments::{Segments, Spot};
use super::sync::{AtomicU64, AtomicUsize, RwLock, WORDS};
use crate::key::{Id, Prehashed};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::Ordering;

#[derive(Debug)]
pub(super) struct Index<T> {
    buckets: Segments<Bucket>,
    /// How many buckets there are, less one: a power of two.
    mask: AtomicUsize,
    places: Places<T>,
    /// How many entries no bucket has room for.
    beside: AtomicUsize,
}

/// What whoever changes an index has to have, and one has at a time.
#[derive(Debug)]
pub(super) struct Upkeep<T> {
    /// Where those are that no bucket has room for.
    beside: HashMap<Id, Number, Prehashed>,
    /// Places that are empty.
    free: Vec<Number>,
    /// Places that were to be emptied when somebody was looking there.
    retired: Vec<Number>,
    /// The first number of a place that was never used.
    unused: Number,
    len: usize,
    /// What was taken out, to be dropped when no lock is held.
    gone: Vec<T>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Bucket([AtomicU64; WORDS]);

/// In the lower half the number of a place, counted from one; in the upper half the tag of the fingerprint there.
type Word = u64;

const EMPTY: Word = 0;

const FIRST_BUCKETS: usize = 4;
const MAX_BUCKETS: usize = 1 << 28;

/// With more entries than so many a bucket, too many would be their neighbours', where they are looked for last.
const MANY: usize = WORDS * 5 / 8;

/// What the table and a place take up for an entry: two of five words are taken, and of the places nearly all.
pub(super) const fn bytes_of<T>() -> usize {
    5 * size_of::<Word>() / 2 + size_of::<RwLock<Option<T>>>() * 17 / 16
}

/// Of a fingerprint what a word keeps. Its lower bits are the number of the bucket, so that buckets can be shared out
/// without a look at the entries.
#[inline]
fn tag_of(print: Id) -> u64 {
    (print.0 >> 96) as u64
}

#[inline]
fn bucket_of(tag: u64, mask: usize) -> usize {
    tag as usize & mask
}

/// They are neighbours in turn, and their successors are when there are more.
#[inline]
fn neighbour(bucket: usize) -> usize {
    bucket ^ 1
}

/// The words of a bucket, in the order in which they are tried for a fingerprint.
#[inline]
fn words_for(print: Id, bucket: &Bucket) -> impl Iterator<Item = &AtomicU64> {
    let first = (print.0 >> 64) as usize;
    (0..WORDS).map(move |at| &bucket.0[first.wrapping_add(at) % WORDS])
}

#[inline]
fn spot(bucket: usize) -> Spot {
    let piece = ((bucket | (FIRST_BUCKETS - 1)).ilog2() + 1 - FIRST_BUCKETS.ilog2()) as usize;
    Spot { piece, at: bucket & (len_of(piece) - 1) }
}

/// How many buckets a piece has: after the first as many as there were before it.
#[inline]
fn len_of(piece: usize) -> usize {
    FIRST_BUCKETS << piece.saturating_sub(1)
}

/// A look at a place.
pub(super) struct At<'a, T>(Look<'a, T>);

impl<T> Deref for At<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("there is something in it, or it would not be")
    }
}

impl<T: Printed> Index<T> {
    pub(super) fn new() -> Self {
        let buckets = Segments::new((MAX_BUCKETS / FIRST_BUCKETS).ilog2() as usize + 1);
        let _first = buckets.get_or_make(spot(0), len_of);
        let (mask, beside) = (AtomicUsize::new(FIRST_BUCKETS - 1), AtomicUsize::new(0));
        Self { buckets, mask, places: Places::new(), beside }
    }

    /// A look at an entry where it lies. It may find nothing though there is one: [`find`](Self::find) knows.
    #[inline]
    pub(super) fn look(&self, print: Id) -> Option<Look<'_, T>> {
        let home = self.home(print);
        self.look_into(home, print).or_else(|| self.look_next_door(home, print))
    }

    #[cold]
    #[inline(never)]
    fn look_next_door(&self, home: usize, print: Id) -> Option<Look<'_, T>> {
        self.look_into(neighbour(home), print)
    }

    #[inline]
    fn look_into(&self, bucket: usize, print: Id) -> Option<Look<'_, T>> {
        words_for(print, self.buckets.get(spot(bucket))?).find_map(|word| {
            let word = word.load(Ordering::Acquire);
            if word >> 32 == tag_of(print) { self.places.look(number_of(word)?, print) } else { None }
        })
    }

    /// Whether there is anything that is found under the lock alone.
    pub(super) fn has_any_beside(&self) -> bool {
        self.beside.load(Ordering::Relaxed) > 0
    }

    /// A look at what was found so. Meanwhile it may have gone.
    pub(super) fn look_at(&self, number: Number, print: Id) -> Option<Look<'_, T>> {
        self.places.look(number, print)
    }

    /// The place of an entry, for whoever makes the changes, or keeps others from it.
    pub(super) fn find(&self, upkeep: &Upkeep<T>, print: Id) -> Option<Number> {
        self.word(print).map(|(_, number)| number).or_else(|| upkeep.beside.get(&print).copied())
    }

    /// What is in a place, for the same. Whoever has its number has an entry there.
    pub(super) fn at(&self, number: Number) -> At<'_, T> {
        At(self.places.at(number).expect("a place is emptied when nobody has its number any more"))
    }

    /// Puts an entry into a place, where it is not found yet.
    pub(super) fn hold(&self, upkeep: &mut Upkeep<T>, held: T) -> Number {
        self.empty_retired(upkeep);
        let mut held = Some(held);
        loop {
            let number = upkeep.free.pop().unwrap_or_else(|| {
                let after = places::next(upkeep.unused);
                std::mem::replace(&mut upkeep.unused, after)
            });
            self.places.put(number, &mut held);
            if held.is_none() {
                return number;
            }
            // Somebody came late for what was there before.
            upkeep.retired.push(number);
        }
    }

    /// Lets an entry be found that is held, and no other of its fingerprint any more: at no moment is there none.
    pub(super) fn show(&self, upkeep: &mut Upkeep<T>, number: Number) {
        let print = self.at(number).print();
        if let Some((word, before)) = self.word(print) {
            word.store(word_of(print, number), Ordering::Release);
            self.retire(upkeep, before);
        } else if let Some(before) = upkeep.beside.remove(&print) {
            // There may be room for it by now.
            self.seat(upkeep, print, number);
            self.retire(upkeep, before);
        } else {
            upkeep.len += 1;
            self.seat(upkeep, print, number);
            let buckets = self.mask.load(Ordering::Relaxed) + 1;
            // A table that is all but empty holds fingerprints that are alike: more buckets would not part them.
            if upkeep.len > buckets * MANY || (self.has_any_beside() && upkeep.len > buckets) {
                self.grow(upkeep);
            }
        }
    }

    /// Takes out what is found for a fingerprint.
    pub(super) fn remove(&self, upkeep: &mut Upkeep<T>, print: Id) {
        let number = if let Some((word, number)) = self.word(print) {
            word.store(EMPTY, Ordering::Release);
            number
        } else if let Some(number) = upkeep.beside.remove(&print) {
            self.note_beside(upkeep);
            number
        } else {
            return;
        };
        upkeep.len -= 1;
        self.retire(upkeep, number);
    }

    /// Lets go of what is held and was not shown, or not any more. Where somebody looks, that is left for the next time.
    pub(super) fn retire(&self, upkeep: &mut Upkeep<T>, number: Number) {
        upkeep.retired.push(number);
        self.empty_retired(upkeep);
    }

    /// The bucket where a fingerprint is looked for first.
    #[inline]
    fn home(&self, print: Id) -> usize {
        bucket_of(tag_of(print), self.mask.load(Ordering::Acquire))
    }

    /// The words by which a fingerprint may be found, in the order in which they are tried.
    fn words(&self, print: Id) -> impl Iterator<Item = &AtomicU64> {
        let home = self.home(print);
        let buckets = [home, neighbour(home)].into_iter().filter_map(|bucket| self.buckets.get(spot(bucket)));
        buckets.flat_map(move |bucket| words_for(print, bucket))
    }

    fn note_beside(&self, upkeep: &Upkeep<T>) {
        self.beside.store(upkeep.beside.len(), Ordering::Relaxed);
    }

    /// The word by which an entry is found, and its place.
    fn word(&self, print: Id) -> Option<(&AtomicU64, Number)> {
        self.words(print).find_map(|word| {
            let held = word.load(Ordering::Relaxed);
            let number = number_of(held).filter(|_| held >> 32 == tag_of(print))?;
            self.places.look(number, print).map(|_| (word, number))
        })
    }

    /// Empties the places that were to be emptied when somebody was looking there, unless somebody is.
    pub(super) fn empty_retired(&self, upkeep: &mut Upkeep<T>) {
        let Upkeep { retired, free, gone, .. } = upkeep;
        retired.retain(|&number| match self.places.take(number) {
            Some(held) => {
                gone.extend(held);
                free.push(number);
                false
            }
            None => true,
        });
    }

    /// Lets a place be found.
    fn seat(&self, upkeep: &mut Upkeep<T>, print: Id, number: Number) {
        let is_empty = |word: &&AtomicU64| word.load(Ordering::Relaxed) == EMPTY;
        match self.words(print).find(is_empty) {
            Some(word) => word.store(word_of(print, number), Ordering::Release),
            None => drop(upkeep.beside.insert(print, number)),
        }
        self.note_beside(upkeep);
    }

    /// Twice as many buckets.
    fn grow(&self, upkeep: &mut Upkeep<T>) {
        let buckets = self.mask.load(Ordering::Relaxed) + 1;
        if buckets >= MAX_BUCKETS {
            return;
        }
        let mask = buckets * 2 - 1;
        let moves = |word: Word| word != EMPTY && bucket_of(word >> 32, mask) >= buckets;
        let each_word = |act: &dyn Fn(&AtomicU64, &AtomicU64)| {
            for at in 0..buckets {
                let both = (self.buckets.get(spot(at)), self.buckets.get_or_make(spot(at + buckets), len_of));
                let (Some(from), Some(to)) = both else { continue };
                let moving = from.0.iter().zip(&to.0).filter(|(word, _)| moves(word.load(Ordering::Relaxed)));
                moving.for_each(|(from, to)| act(from, to));
            }
        };
        // Who comes finds what has moved in its new bucket by the new mask, or still in the old one by the old.
        each_word(&|from, to| to.store(from.load(Ordering::Relaxed), Ordering::Relaxed));
        self.mask.store(mask, Ordering::Release);
        each_word(&|from, _| from.store(EMPTY, Ordering::Release));
        for (print, number) in std::mem::take(&mut upkeep.beside) {
            self.seat(upkeep, print, number);
        }
    }
}

fn word_of(print: Id, number: Number) -> Word {
    tag_of(print) << 32 | u64::from(number + 1)
}

#[inline]
fn number_of(word: Word) -> Option<Number> {
    (word as u32).checked_sub(1)
}

impl<T> Default for Upkeep<T> {
    fn default() -> Self {
        let (free, retired, gone) = (Vec::new(), Vec::new(), Vec::new());
        Self { beside: HashMap::default(), free, retired, unused: 0, len: 0, gone }
    }
}

impl<T> Upkeep<T> {
    /// What was taken out since this was last asked for.
    pub(super) fn take_gone(&mut self) -> Vec<T> {
        std::mem::take(&mut self.gone)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }
}
