//! Errors that are remembered for a while: in memory only, and invalidated like the values they stand for.

use super::Cache;
use super::backing::Backing;
use super::lives::Lives;
use super::read::Turn;
use super::request::Request;
use super::slot::{Made, Standing};
use super::write::Fill;
use crate::clock::whole_ms;
use crate::codec::{Value, Wire};

/// An error in the place of a value, which nobody who does not ask for it takes for one.
#[derive(Debug)]
pub(crate) struct Remembered<E>(pub(crate) E);

impl Request {
    /// Whether something in memory can answer this request.
    pub(super) fn knows(&self, wire: &dyn Wire, value: &Value) -> bool {
        wire.knows(value) || self.is_remembered.is_some_and(|is_remembered| is_remembered(value))
    }
}

impl Cache {
    /// Keeps an error for as long as the policy says, unless something overtook the load that it came from, or memory has
    /// a value by now.
    pub(crate) fn remember(&self, request: &Request, wire: &dyn Wire, turn: &Turn, error: Value) {
        let life_ms = request.policy.error_ttl.map_or(0, whole_ms);
        let backing = match (&turn.begun, &self.shared.store) {
            // The request depends on a generation of its key: whoever sets or removes it ends this error.
            (Some(begun), _) if !begun.is_dirty => Backing::Generation,
            (None, None) => Backing::Nothing,
            (Some(_), _) | (None, Some(_)) => return,
        };
        if life_ms == 0 || turn.stale.is_some() || self.has_value(request, wire) {
            return;
        }
        let fill = Fill { value: Some(error), life_ms, ..Fill::default() };
        let Some(made) = self.slot(request, wire, turn, &fill, (backing, 0)) else { return };
        let lives = Lives::only_until(made.loaded_ms.saturating_add(life_ms));
        // As a value that the store is asked about it is passed over by the quick look, which knows values only.
        self.insert(request, Made { is_strong: true, lives, ..made });
    }

    /// Whether memory has a value that may be served, though it be past its TTL.
    fn has_value(&self, request: &Request, wire: &dyn Wire) -> bool {
        let slot = self.shared.l1.as_ref().and_then(|l1| l1.get(request.print));
        slot.is_some_and(|slot| {
            let is_value = slot.value.as_ref().is_none_or(|value| wire.knows(value));
            let now_ms = self.now_ms();
            is_value && slot.is_kept(now_ms) && slot.holding(now_ms) != Standing::Invalid
        })
    }
}
