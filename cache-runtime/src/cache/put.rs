//! Write-through: what a writer returns becomes the entry, unless somebody else was at the key meanwhile.
//!
//! Two writers that overlap may finish in another order than their database took them, and so may a writer and a load.
//! Therefore a writer takes stamps and fence before its body, as a load does, and whoever finds the fence fallen removes
//! the entry instead: then nobody knows which value is the newer, and the next read loads it.

use super::Cache;
use super::backing::Backing;
use super::ground::Ground;
use super::loaded::Loaded;
use super::read::Turn;
use super::request::Request;
use super::stamps::is_valid;
use super::write::Fill;
use crate::codec::Wire;
use crate::error::Error;
use crate::store::{Begun, Put, Read, Store, Want};
use crate::telemetry::ActivityKind;

impl Cache {
    /// To be called before the write.
    pub(crate) async fn begin_put(&self, request: &Request) -> Turn {
        self.begin(request, request.grounds(self), None, None).await
    }

    /// Replaces the entry by what was written, in every tier, or removes it.
    pub(crate) async fn put_value(
        &self,
        request: &Request,
        wire: &dyn Wire,
        mut turn: Turn,
        written: Loaded,
    ) -> Result<(), Error> {
        self.check_open()?;
        let living = written.life.map(|life| request.living(life));
        let living = living.as_ref().unwrap_or(request);
        let fill = Fill { value: written.value, life_ms: living.drawn_life_ms(false), ..Fill::default() };
        let wider = self.with_late_names(living, &mut turn, self.tag_names(&written.tags)).await;
        let wide = wider.as_ref().unwrap_or(living);
        if living.longest_life_ms() > request.longest_life_ms() {
            self.prolong(wide, &mut turn).await;
        }
        match (&self.shared.store, &turn.begun) {
            _ if fill.life_ms == 0 => self.remove_key(&request.key).await.map(drop),
            // Tags that were not known before the write may have been invalidated during it.
            (None, _) if wider.is_some() => self.remove_key(&request.key).await.map(drop),
            (None, _) => {
                self.put_in_memory(living, wire, turn, &fill);
                Ok(())
            }
            (Some(store), Some(begun)) if !begun.is_dirty && request.tiers().has_l2() => {
                self.put_in_store(&**store, wide, wire, begun, &fill).await
            }
            (Some(_), _) => self.remove_key(&request.key).await.map(drop),
        }
    }

    async fn put_in_store(
        &self,
        store: &dyn Store,
        request: &Request,
        wire: &dyn Wire,
        begun: &Begun,
        fill: &Fill,
    ) -> Result<(), Error> {
        let rests_on_key = self.rests_on_key(request);
        let later = if rests_on_key { self.begun_again(store, request, begun).await } else { Some(begun.clone()) };
        let Some(begun) = &later else { return self.remove_key(&request.key).await.map(drop) };
        let bytes = match self.seal(request, wire, begun, fill) {
            Ok(sealed) => sealed.bytes,
            Err(error) => {
                self.unstorable(request, &error);
                return self.remove_key(&request.key).await.map(drop);
            }
        };
        let put =
            Put { key: &request.key, bytes: &bytes, life_ms: request.kept_ms(fill.life_ms), fence: Some(begun.fence) };
        if self.replace(store, request, put).await.is_ok() && (rests_on_key || self.bump_key(request).await.is_ok()) {
            self.did(ActivityKind::Set, request);
            return Ok(());
        }
        // It may still be performed; by then this has dropped its fence.
        self.remove_key(&request.key).await.map(drop)
    }

    /// An entry that rests on its key's generation itself would be over with what has to be ended along with the old one,
    /// if that came last. So that comes first, and the entry is stamped after it, if nothing else that it depends on has
    /// been invalidated since before the write.
    async fn begun_again(&self, store: &dyn Store, request: &Request, begun: &Begun) -> Option<Begun> {
        self.bump_key(request).await.ok()?;
        let grounds = request.grounds(self);
        let (later, _) = self.begin_in_store(store, request, &grounds).await.ok()?;
        let others = request.without(&self.own_name(request));
        let read = Read { key: &request.key, dependencies: &others.dependencies, want: Want::Head(0) };
        let now = store.read(&self.space.namespace, read).await.ok()?;
        let is_overtaken = later.fence != begun.fence || !is_valid(&begun.stamps, &others, &now, self.partitions());
        (!later.is_dirty && !is_overtaken).then_some(later)
    }

    /// Without a store the key's own cell is the fence: whoever raised it since the turn began was at the key.
    fn put_in_memory(&self, request: &Request, wire: &dyn Wire, turn: Turn, fill: &Fill) {
        let Some((partition, began)) = turn.marks.first().copied() else { return };
        let knowledge = self.space.knowledge(partition).clone();
        let own = self.shared.cells.of_key(&request.key);
        let mark = knowledge.step();
        let is_overtaken = own.raised_from(mark, self.shared.cells.changes()) > began.raw();
        if let Some(l1) = &self.shared.l1 {
            l1.remove_by_key(request.key.id());
        }
        self.shared.counters.invalidations.count();
        let Some(bytes) = self.measured(request, wire, fill).filter(|_| !is_overtaken) else { return };
        let Some(mut made) = self.slot(request, wire, &turn, fill, (Backing::Nothing, bytes)) else { return };
        // What it depends on must not have changed since before the write; the key itself has, just now.
        let cells = request.dependencies.iter().map(|name| self.shared.cells.of(name)).collect();
        let others = Ground { knowledge: knowledge.clone(), cells };
        made.roots = vec![Ground { knowledge, cells: [own].into() }.rooted(mark), others.rooted(began)];
        self.insert(request, made);
        self.did(ActivityKind::Set, request);
    }
}
