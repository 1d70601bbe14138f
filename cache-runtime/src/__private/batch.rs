//! One call for several ids: each has an entry of its own, and the body loads those that nobody has.

use super::call::{Place, Wired};
use super::layout::{IdOf, Layout};
use super::rules::Rules;
use super::shapes::{Returned, Shape};
use super::written::Success;
use crate::cache::{Arrival, Cache, Request, Turn};
use crate::call::{Mode, mode};
use crate::codec::{Holding, Value, Wire, taken};
use crate::function::Function;
use crate::key::{Fingerprinter, Id, KeyPart, Part};
use crate::load::outside;
use futures_util::future::join_all;
use std::collections::HashMap;
use std::future::Future;

/// The type of one result, to be asked for its shape.
///
/// The type by a parameter of its own: were it `L::Item` in the return type, a type that is no layout would be reported
/// there as well.
pub fn items<W: Success, L: Layout<W::Value, Item = I>, I>(_: &W, _: &L) -> Returned<I> {
    Returned::new()
}

/// A call for several ids, of which memory has answered some.
pub struct Batch<I> {
    cache: Cache,
    /// As they were given.
    given: Vec<I>,
    /// Of each given id, which one it is.
    order: Vec<usize>,
    asked: Vec<Asked<I>>,
    is_cached: bool,
}

/// One of the ids.
struct Asked<I> {
    id: I,
    print: Id,
    request: Request,
    /// What memory has.
    hit: Option<Option<Value>>,
}

/// What became of an id.
enum Got<S: Shape> {
    Value(S::Value),
    Absent,
    /// An item that says an error, which is not cached.
    Failed(S::Return),
    Unknown,
}

impl<I: KeyPart + Clone> Batch<I> {
    /// Takes the ids, each once, and asks memory. `values` gives the values of the key for an id.
    pub fn open(
        place: Place,
        function: &'static Function,
        ids: impl IntoIterator<Item = I>,
        values: impl Fn(&I, &mut dyn FnMut(&[Part<'_>])),
    ) -> Self {
        let cache = place.take();
        let given: Vec<I> = ids.into_iter().collect();
        let (mut seen, mut asked) = (HashMap::with_capacity(given.len()), Vec::with_capacity(given.len()));
        let mut order = Vec::with_capacity(given.len());
        for id in &given {
            let print = print_of(id);
            let at = *seen.entry(print).or_insert_with(|| {
                values(id, &mut |values| asked.push(Asked::new(&cache, function, id.clone(), print, values)));
                asked.len() - 1
            });
            order.push(at);
        }
        let is_cached = cache.is_open() && asked.first().is_none_or(|asked| asked.request.is_kept());
        Self { cache, given, order, asked, is_cached }
    }
}

// Without the bound of keys, which `open` has: said twice, it would be reported twice.
impl<I: Clone> Batch<I> {
    /// The answers of whoever has them, and of the body for those that nobody has: in one call, and not at all if there
    /// are none.
    pub async fn fetch<W, L, S, A, B, F>(
        mut self,
        success: W,
        layout: L,
        _: S,
        wire: Wired<A>,
        rules: Rules<S>,
        load: B,
    ) -> W::Return
    where
        W: Success,
        L: Layout<W::Value, Item = S::Return, Id: IdOf<I> + KeyPart>,
        S: Shape<Value: Clone + Send + Sync + 'static>,
        B: FnOnce(Vec<I>) -> F,
        F: Future<Output = W::Return>,
    {
        if self.given.is_empty() {
            return success.close(layout.make(Vec::new()));
        }
        if !self.is_cached {
            return outside(load(self.given)).await;
        }
        let wire = wire.made();
        let mut got: Vec<Got<S>> = self.asked.iter_mut().map(|asked| answer(asked.hit.take())).collect();
        let turns = match mode() {
            Some(Mode::Bypass) => return load(self.given).await,
            Some(Mode::OnlyCached) => {
                self.look::<S>(&mut got, &*wire).await;
                Vec::new()
            }
            Some(Mode::Refresh) => self.turns_of_all().await,
            None => self.arrive::<S>(&mut got, &*wire, rules.values.tags.is_some()).await,
        };
        if !turns.is_empty() {
            let missing = turns.iter().map(|(at, _)| self.asked[*at].id.clone()).collect();
            let under_way: Vec<&Turn> = turns.iter().map(|(_, turn)| turn).collect();
            let returned = self.cache.run_all(&under_way, load(missing)).await;
            let loaded = match success.open(returned) {
                Ok(loaded) => loaded,
                // The turns are dropped here: whoever waits loads for itself.
                Err(failed) => {
                    self.cache.load_failed(&self.asked[turns[0].0].request);
                    return failed;
                }
            };
            let items = layout.take(loaded).into_iter().map(|(id, item)| (print_of(&id), item)).collect();
            self.land(turns, items, &mut got, &*wire, rules).await;
        }
        success.close(layout.make(self.pairs::<S, L::Id>(got, L::REPEATS)))
    }

    /// What the store has of what memory lacks; nobody waits for a load.
    async fn look<S>(&self, got: &mut [Got<S>], wire: &dyn Wire)
    where
        S: Shape<Value: Clone + Send + Sync + 'static>,
    {
        let missing: Vec<usize> = (0..got.len()).filter(|at| matches!(got[*at], Got::Unknown)).collect();
        let requests: Vec<Request> =
            missing.iter().map(|at| self.asked[*at].request.in_the_foreground(false)).collect();
        for (at, found) in missing.into_iter().zip(self.cache.look_only_at_all(&requests, wire).await) {
            got[at] = answer(found);
        }
    }

    /// The right to load all of them, whatever is cached.
    async fn turns_of_all(&self) -> Vec<(usize, Turn)> {
        let begin = |asked: &Asked<I>| {
            let request = asked.request.clone();
            async move { self.cache.arrive_to_refresh(&request).await }
        };
        join_all(self.asked.iter().map(begin)).await.into_iter().enumerate().collect()
    }

    /// The right to load what no tier has and nobody else loads.
    async fn arrive<S>(&mut self, got: &mut [Got<S>], wire: &dyn Wire, has_late_tags: bool) -> Vec<(usize, Turn)>
    where
        S: Shape<Value: Clone + Send + Sync + 'static>,
    {
        let missing: Vec<usize> = (0..got.len()).filter(|at| matches!(got[*at], Got::Unknown)).collect();
        let request = |at: &usize| self.asked[*at].request.in_the_foreground(has_late_tags);
        let requests: Vec<Request> = missing.iter().map(request).collect();
        let mut turns = Vec::new();
        for (at, arrival) in missing.into_iter().zip(self.cache.arrive_all(&requests, wire).await) {
            match arrival {
                Arrival::Load(turn) => turns.push((at, *turn)),
                Arrival::Due(slot) => got[at] = answer(Some(slot.value.clone())),
                Arrival::Found(value) => match answer(Some(value)) {
                    // Of another type, which a key shared by mistake can bring about.
                    Got::Unknown => turns.push((at, self.cache.arrive_to_refresh(&self.asked[at].request).await)),
                    answer => got[at] = answer,
                },
            }
        }
        turns
    }

    /// Keeps what was loaded, each id for itself; what the body did not return is an absence.
    async fn land<S>(
        &self,
        turns: Vec<(usize, Turn)>,
        mut items: HashMap<Id, S::Return>,
        got: &mut [Got<S>],
        wire: &dyn Wire,
        rules: Rules<S>,
    ) where
        S: Shape<Value: Clone + Send + Sync + 'static>,
    {
        let mut landings = Vec::with_capacity(turns.len());
        for (at, turn) in turns {
            let asked = &self.asked[at];
            let value = match items.remove(&asked.print).map(S::open) {
                None => None,
                Some(Ok(value)) => value,
                Some(Err(failed)) => {
                    got[at] = Got::Failed(failed);
                    continue;
                }
            };
            let loaded = self.cache.loaded(&asked.request, &rules.values, S::Hold::hold, value.as_ref());
            got[at] = value.map_or(Got::Absent, Got::Value);
            landings.push(self.cache.land(&asked.request, wire, turn, loaded));
        }
        join_all(landings).await;
    }

    /// What the function returns: each id once, or as often as it was given. Values are given away, and cloned for those
    /// only who come before the last that asks for the same.
    fn pairs<S, K>(self, mut got: Vec<Got<S>>, repeats: bool) -> Vec<(K, S::Return)>
    where
        S: Shape<Value: Clone>,
        K: IdOf<I>,
    {
        if !repeats {
            let item = |(asked, got): (Asked<I>, Got<S>)| Some((K::of(asked.id), got.close()?));
            return self.asked.into_iter().zip(got).filter_map(item).collect();
        }
        let mut left = vec![0_usize; got.len()];
        self.order.iter().for_each(|at| left[*at] += 1);
        let item = |at: usize| {
            left[at] -= 1;
            let item = match &got[at] {
                Got::Value(value) if left[at] > 0 => S::close(Some(value.clone())),
                Got::Absent => S::close(None),
                _ => std::mem::replace(&mut got[at], Got::Unknown).close(),
            };
            Some((K::of(self.asked[at].id.clone()), item?))
        };
        self.order.into_iter().filter_map(item).collect()
    }
}

impl<S: Shape> Got<S> {
    /// As the function returns it; nothing where it is left out.
    fn close(self) -> Option<S::Return> {
        match self {
            Self::Value(value) => S::close(Some(value)),
            Self::Absent => S::close(None),
            Self::Failed(item) => Some(item),
            Self::Unknown => None,
        }
    }
}

impl<I> Asked<I> {
    fn new(cache: &Cache, function: &'static Function, id: I, print: Id, values: &[Part<'_>]) -> Self {
        let of_call = cache.print_here(function.fingerprint(values));
        let request = Request::of_call(cache, function, of_call, values);
        let hit = cache.is_open().then(|| cache.peek(of_call).fresh(cache)).flatten().map(|slot| slot.value.clone());
        Self { id, print, request, hit }
    }
}

/// What a tier has, as a value of this type.
fn answer<S: Shape<Value: Clone + Send + Sync + 'static>>(found: Option<Option<Value>>) -> Got<S> {
    match found {
        None => Got::Unknown,
        Some(None) => Got::Absent,
        Some(Some(value)) => taken(value).map_or(Got::Unknown, Got::Value),
    }
}

/// An id by itself, whatever else is in its key.
fn print_of(id: &impl KeyPart) -> Id {
    let mut print = Fingerprinter::new();
    id.fingerprint(&mut print);
    print.finish()
}

impl<I> std::fmt::Debug for Batch<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("ids", &self.given.len()).finish_non_exhaustive()
    }
}
