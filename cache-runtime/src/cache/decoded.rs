//! What the store has of an entry, decoded: what it is good for and until when, before it is one in memory.

use super::Cache;
use super::backing::Backing;
use super::demand::Moment;
use super::ground::Root;
use super::lives::{Left, Lives};
use super::look::{Seen, Sighting};
use super::request::Request;
use super::slot::{Made, Slot};
use super::stamps::{is_of_this_epoch, is_valid};
use crate::codec::{Value, Wire};
use crate::envelope::{Envelope, Unreadable};
use crate::load::Validators;
use crate::outcome::Tier;
use crate::packing::Place;
use crate::store::Snapshot;
use std::sync::Arc;

/// An entry of the store that is good for something.
pub(super) struct Decoded {
    pub(super) value: Option<Value>,
    value_bytes: usize,
    identity: u64,
    pub(super) loaded_ms: u64,
    load_cost_ms: u32,
    lives: Lives,
    is_spare: bool,
    validators: Option<Arc<Validators>>,
    pub(super) now_ms: u64,
}

impl Decoded {
    /// Whether it may answer as a fresh value.
    fn is_fresh(&self) -> bool {
        !self.is_spare && self.now_ms < self.lives.ttl_until_ms
    }

    /// The same, and nothing has to be drawn for.
    pub(super) fn is_plainly_fresh(&self) -> bool {
        self.is_fresh() && self.now_ms < self.lives.early_from_ms.min(self.lives.due_from_ms)
    }
}

impl Cache {
    /// Decodes an entry that was read with all its dependencies, if it is good for anything.
    pub(super) fn decode(
        &self,
        request: &Request,
        wire: &dyn Wire,
        (envelope, payload): (Envelope<'_>, &[u8]),
        snapshot: &Snapshot,
        now_ms: u64,
    ) -> Option<Decoded> {
        let is_spare = !is_valid(&envelope.stamps, request, snapshot, self.partitions());
        if is_spare && !(request.serves_stale() && is_of_this_epoch(&envelope.stamps, snapshot)) {
            return None;
        }
        let age_ms = envelope.age_ms(self.shared.clock.wall_ms());
        let life_ms = match envelope.has_own_life {
            true => envelope.ttl_ms,
            false => request.found_life_ms(envelope.absent, envelope.ttl_ms),
        };
        let left = Left { fresh_ms: life_ms.saturating_sub(age_ms), late_ms: age_ms.saturating_sub(life_ms) };
        let lives = request.lives(now_ms, left, envelope.load_cost_ms);
        if lives.end_ms() <= now_ms {
            return None;
        }
        let place = Place { namespace: &self.space.namespace, key: request.key.as_str() };
        let unpacked = self.shared.packing.unpack(&envelope, payload, place);
        let payload = unpacked.map_err(|reason| self.unreadable(request, reason)).ok()?;
        let value = match envelope.absent {
            true => None,
            false => match wire.decode(self.shared.settings.codec, &payload) {
                Ok(value) => Some(value),
                Err(_) => {
                    self.unreadable(request, Unreadable::Corrupt);
                    return None;
                }
            },
        };
        Some(Decoded {
            value,
            value_bytes: wire.weight(payload.len()),
            identity: envelope.identity,
            loaded_ms: now_ms.saturating_sub(age_ms),
            load_cost_ms: envelope.load_cost_ms,
            lives,
            is_spare,
            validators: envelope.validators,
            now_ms,
        })
    }

    /// Makes it an entry in memory, which keeps it for as long as it is good for anything, if memory takes part.
    pub(super) fn seen(&self, request: &Request, decoded: Decoded, roots: Vec<Root>, known: Moment) -> Seen {
        let is_fresh = decoded.is_fresh();
        let slot = Arc::new(Slot::new(Made {
            value: decoded.value,
            value_bytes: decoded.value_bytes,
            print: request.print,
            key: request.key.id(),
            is_strong: self.asks_always(request),
            roots,
            region: request.region,
            backing: Backing::Entry(decoded.identity),
            loaded_ms: decoded.loaded_ms,
            load_cost_ms: decoded.load_cost_ms,
            lives: decoded.lives,
            is_spare: decoded.is_spare,
            retry_at_ms: 0,
            reads: self.shared.ahead.reads(request.key.id()),
            validators: decoded.validators,
            group: request.group,
            told_as: self.told_as(request),
        }));
        if !is_fresh {
            return Seen { stale: Some(Sighting { slot, known }), ..Seen::default() };
        }
        self.keep_in_memory(request, &slot);
        Seen { fresh: Some((Sighting { slot, known }, Tier::L2)), ..Seen::default() }
    }
}
