//! Keys of one's own making: what `get` and `get_or_load` do with them.
//!
//! Their loaders borrow, so nothing of theirs goes on in the background: the caller who finds an entry due loads it, while
//! the others are answered.

use super::read::{Arrival, Turn};
use super::{Cache, Peeked, Request, ValueRules};
use crate::codec::{CacheCodec, Cacheable, Holding, TypedWire, Whole, Wire, typed};
use std::future::Future;
use std::pin::pin;

impl Cache {
    pub(super) async fn find<T: Cacheable>(&self, request: &Request, wire: &dyn Wire) -> Option<T> {
        if !self.is_open() {
            return None;
        }
        match self.peek_for(request) {
            Peeked::Hit(slot) | Peeked::Due(slot) => typed(slot.value.as_ref()?),
            Peeked::Miss => typed(&self.look_only(request, wire).await??),
        }
    }

    pub(super) async fn find_or_load<T, E, F>(&self, request: &Request, load: impl FnOnce() -> F) -> Result<T, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>>,
    {
        let wire = TypedWire::<T, _>::new(CacheCodec, 0);
        let found = match self.peek_for(request) {
            Peeked::Hit(slot) => Arrival::Found(slot.value.clone()),
            Peeked::Due(slot) => Arrival::Due(slot),
            Peeked::Miss => self.arrive(request, &wire).await,
        };
        let turn = match found {
            Arrival::Load(turn) => *turn,
            Arrival::Found(value) => match value.as_ref().and_then(typed::<T>) {
                Some(value) => return Ok(value),
                None => self.arrive_to_refresh(request).await,
            },
            Arrival::Due(slot) => {
                let Some(value) = slot.value.as_ref().and_then(typed::<T>) else {
                    let turn = self.arrive_to_refresh(request).await;
                    return self.load_by_hand(request, &wire, turn, load).await;
                };
                let Some(lead) = self.lead_renewal(request) else { return Ok(value) };
                match self.begin_renewal(request, &wire, lead, &slot).await {
                    Some(turn) => turn,
                    None => return Ok(value),
                }
            }
        };
        self.load_by_hand(request, &wire, turn, load).await
    }

    async fn load_by_hand<T, E, F>(
        &self,
        request: &Request,
        wire: &dyn Wire,
        turn: Turn,
        load: impl FnOnce() -> F,
    ) -> Result<T, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>>,
    {
        let (returned, said) = self.run(&turn, pin!(load())).await;
        match returned {
            Ok(value) if !said.is_failed => {
                let loaded = ValueRules::none().apply(&value, Whole::hold).told_by(said, turn.stale.as_deref());
                self.land(request, wire, turn, loaded).await;
                Ok(value)
            }
            failed if said.shows_nothing_stale => {
                self.load_failed(request);
                failed
            }
            failed => {
                let stand_in = self.stand_in_for(request, turn).flatten();
                stand_in.as_ref().and_then(typed::<T>).map_or(failed, Ok)
            }
        }
    }
}
