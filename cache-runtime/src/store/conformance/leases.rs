//! One load a key at a time across processes. A store without leases has nothing to do here.

use super::{Call, LONG_MS, SHORT_MS, Space, eventually};
use crate::bus::{Feed, Heard};
use crate::store::{Begin, Begun, Commit, Lease, Leased, Store, Verdict};
use std::time::Duration;

/// And the others are told for how long it may take.
pub async fn a_lease_is_taken_by_one(store: &dyn Store) {
    let space = Space::new(store);
    let (call, other) = (space.call("k", &["d"]), space.call("other", &["d"]));
    let Some(_) = call.leased(1, LONG_MS).await else { return };
    let refused = call.begin_with(2, 5 * LONG_MS).await;
    let Leased::Other { left_ms } = refused.leased else { panic!("it is another's: {refused:?}") };
    assert!((LONG_MS / 2..=LONG_MS).contains(&left_ms), "what is left is the holder's: {left_ms}");
    assert_eq!(other.begin_with(2, LONG_MS).await.leased, Leased::Taken, "a key a lease");
}

/// As functions are that do not ask for one.
pub async fn a_load_without_a_lease_is_kept_from_nothing(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    assert_eq!(call.begin().await.leased, Leased::Nobody);
    let Some(_) = call.leased(1, LONG_MS).await else { return };
    assert_eq!(call.begin().await.leased, Leased::Nobody);
}

/// For as long as it asks for now.
pub async fn a_holder_that_begins_again_still_has_its_lease(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(_) = call.leased(u64::MAX, LONG_MS).await else { return };
    assert_eq!(call.begin_with(u64::MAX, SHORT_MS).await.leased, Leased::Taken);
    eventually("the lease runs out", async || call.begin_with(2, LONG_MS).await.leased == Leased::Taken).await;
}

/// So that a holder that died keeps nobody from loading.
pub async fn a_lease_runs_out(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(_) = call.leased(1, SHORT_MS).await else { return };
    eventually("the lease runs out", async || call.begin_with(2, LONG_MS).await.leased == Leased::Taken).await;
    assert!(matches!(call.begin_with(1, LONG_MS).await.leased, Leased::Other { .. }), "it is not the first one's now");
}

/// A load that takes long stays alone.
pub async fn only_its_holder_extends_a_lease(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(_) = call.leased(1, LONG_MS).await else { return };
    assert!(!call.extend(2, SHORT_MS).await);
    assert!(call.left_ms().await > SHORT_MS, "another cannot shorten it either");
    assert!(call.extend(1, 2 * LONG_MS).await);
    assert!(call.left_ms().await > LONG_MS, "it lives for so long from now");
}

/// Another may have had it meanwhile, and may have been done with it.
pub async fn a_lease_that_was_lost_is_not_extended(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(_) = call.leased(1, SHORT_MS).await else { return };
    eventually("the lease runs out", async || call.begin_with(2, LONG_MS).await.leased == Leased::Taken).await;
    assert!(!call.extend(1, LONG_MS).await);
    call.release(2).await;
    assert!(!call.extend(1, LONG_MS).await, "nobody has it");
    assert_eq!(call.begin_with(3, LONG_MS).await.leased, Leased::Taken);
}

/// D05: a holder that was paused past its lease does not take it from the one who has it now.
pub async fn only_its_holder_gives_a_lease_back(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(_) = call.leased(1, SHORT_MS).await else { return };
    eventually("the lease runs out", async || call.begin_with(2, LONG_MS).await.leased == Leased::Taken).await;
    call.release(1).await;
    assert!(matches!(call.begin_with(3, LONG_MS).await.leased, Leased::Other { .. }), "the second one has it still");
    call.release(2).await;
    assert_eq!(call.begin_with(3, LONG_MS).await.leased, Leased::Taken);
    call.release(2).await;
    assert!(matches!(call.begin_with(4, LONG_MS).await.leased, Leased::Other { .. }), "once is enough");
}

/// D06: whatever else would let it be kept. Its fence stands, for the loads of a key share it.
pub async fn a_load_that_lost_its_lease_is_refused(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(lost) = call.leased(1, SHORT_MS).await else { return };
    eventually("the lease runs out", async || call.begin_with(2, LONG_MS).await.leased == Leased::Taken).await;
    assert_eq!(call.commit_as(1, &lost, b"late").await, Verdict::Fenced);
    assert_eq!(call.entry().await, None);
    let begun = call.begin_with(2, LONG_MS).await;
    assert_eq!(call.commit_as(2, &begun, b"v").await, Verdict::Stored, "the one who has it is not kept from anything");
    assert_eq!(call.commit_as(1, &lost, b"late").await, Verdict::Fenced);
    assert_eq!(call.entry().await.as_deref(), Some(&b"v"[..]));
}

/// It cannot be told whether somebody had it meanwhile.
pub async fn so_is_one_whose_lease_nobody_has(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(begun) = call.leased(1, LONG_MS).await else { return };
    call.release(1).await;
    assert_eq!(call.commit_as(1, &begun, b"late").await, Verdict::Fenced);
    assert_eq!(call.entry().await, None);
    let begun = call.begin_with(1, LONG_MS).await;
    assert_eq!(call.commit_as(1, &begun, b"v").await, Verdict::Stored);
}

/// The next to miss need not wait for anything.
pub async fn a_load_that_is_kept_gives_its_lease_back(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d", "e", "f"]);
    let Some(begun) = call.leased(1, LONG_MS).await else { return };
    assert_eq!(call.commit_as(1, &begun, b"v").await, Verdict::Stored);
    assert!(call.is_valid(&begun).await);
    assert!(!call.extend(1, LONG_MS).await);
    assert_eq!(call.begin_with(2, LONG_MS).await.leased, Leased::Taken);
}

/// Until it is given back: its caller may have something better to do with it than to let others load.
pub async fn a_load_that_is_refused_keeps_its_lease(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(begun) = call.leased(1, LONG_MS).await else { return };
    space.remove(&["k"]).await;
    assert_eq!(call.commit_as(1, &begun, b"late").await, Verdict::Fenced);
    assert!(matches!(call.begin_with(2, LONG_MS).await.leased, Leased::Other { .. }));
    call.release(1).await;
    assert_eq!(call.begin_with(2, LONG_MS).await.leased, Leased::Taken);
}

/// It may be that of a version that knows no leases, or of a caller that would not wait. The holder's is refused then, as
/// the second of two loads is.
pub async fn a_load_without_the_lease_is_kept_and_leaves_it_alone(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(begun) = call.leased(1, LONG_MS).await else { return };
    call.store(b"unleased").await;
    assert!(matches!(call.begin_with(2, LONG_MS).await.leased, Leased::Other { .. }));
    assert_eq!(call.commit_as(1, &begun, b"leased").await, Verdict::Fenced);
    assert_eq!(call.entry().await.as_deref(), Some(&b"unleased"[..]));
}

/// The load goes on, though it will not be kept.
pub async fn a_removal_and_a_put_leave_the_lease_alone(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(begun) = call.leased(1, LONG_MS).await else { return };
    space.remove(&["k"]).await;
    assert!(call.extend(1, LONG_MS).await);
    call.put(b"put", LONG_MS).await;
    assert!(call.extend(1, LONG_MS).await);
    assert_eq!(call.commit_as(1, &begun, b"late").await, Verdict::Fenced);
    assert_eq!(call.entry().await.as_deref(), Some(&b"put"[..]));
}

/// Its load goes on too.
pub async fn a_lease_outlives_the_epoch(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(begun) = call.leased(1, LONG_MS).await else { return };
    space.clear().await;
    assert!(call.extend(1, LONG_MS).await);
    assert_eq!(call.commit_as(1, &begun, b"late").await, Verdict::Forgotten);
    assert!(matches!(call.begin_with(2, LONG_MS).await.leased, Leased::Other { .. }));
}

/// It is not kept, so nobody would find anything by waiting for it.
pub async fn a_dirty_load_takes_no_lease(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["c", "d", "e"]);
    space.announce(&["d"], 1, LONG_MS).await;
    let begun = call.begin_with(1, LONG_MS).await;
    assert!(begun.is_dirty);
    assert_eq!(begun.leased, Leased::Nobody);
    assert!(!call.extend(1, LONG_MS).await);
    space.settle(&["d"], 1).await;
    assert!(matches!(call.begin_with(2, LONG_MS).await.leased, Leased::Taken | Leased::Nobody));
}

/// D07: when it is given back, and when a load was kept, so that nobody has to ask again and again.
pub async fn those_who_wait_are_told(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(_) = call.leased(1, LONG_MS).await else { return };
    let Some(mut feed) = space.hears().await else { return };
    call.release(1).await;
    assert_eq!(freed(&mut *feed).await, "k");
    let begun = call.begin_with(2, LONG_MS).await;
    assert_eq!(call.commit_as(2, &begun, b"v").await, Verdict::Stored);
    assert_eq!(freed(&mut *feed).await, "k");
}

/// Functions that ask for no lease cost nobody a message.
pub async fn what_is_not_given_back_is_not_told(store: &dyn Store) {
    let space = Space::new(store);
    let (call, last) = (space.call("k", &["d"]), space.call("last", &["d"]));
    let Some(begun) = call.leased(1, LONG_MS).await else { return };
    let Some(mut feed) = space.hears().await else { return };
    call.release(2).await;
    call.extend(1, LONG_MS).await;
    space.remove(&["k"]).await;
    assert_eq!(call.commit_as(1, &begun, b"late").await, Verdict::Fenced);
    call.store(b"v").await;
    last.begin_with(1, LONG_MS).await;
    last.release(1).await;
    assert_eq!(freed(&mut *feed).await, "last");
}

/// Whatever a key is made of.
pub async fn a_lease_of_any_text_is_told(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.hears().await else { return };
    for key in ["", " ", "*", "1:d", "l:k", "CRM1 ", "\0\r\n", "é🦀", "{x}"] {
        let call = space.call(key, &[]);
        let Some(_) = call.leased(1, LONG_MS).await else { return };
        call.release(1).await;
        assert_eq!(freed(&mut *feed).await, key);
    }
}

/// D02: nor is one told of the other's.
pub async fn leases_of_two_namespaces_do_not_touch(store: &dyn Store) {
    let space = Space::new(store);
    let longer = Space::named(store, format!("{}:", space.namespace));
    let (here, there) = (space.call("k", &["d"]), longer.call("k", &["d"]));
    let Some(_) = here.leased(1, LONG_MS).await else { return };
    assert_eq!(there.begin_with(2, LONG_MS).await.leased, Leased::Taken);
    here.release(2).await;
    assert!(!here.extend(2, LONG_MS).await && there.extend(2, LONG_MS).await);
    let Some(mut feed) = space.hears().await else { return };
    there.release(2).await;
    space.call("last", &[]).begin_with(1, LONG_MS).await;
    space.call("last", &[]).release(1).await;
    assert_eq!(freed(&mut *feed).await, "last");
}

/// The fence of a key, the generation of a dependency and the entry keep to themselves.
pub async fn a_lease_touches_nothing_else_of_its_name(store: &dyn Store) {
    let space = Space::new(store);
    let (same, dependent) = (space.call("same", &["same"]), space.call("k", &["same"]));
    let stored = dependent.store(b"v").await;
    let unleased = same.begin().await;
    let Some(begun) = same.leased(1, LONG_MS).await else { return };
    assert_eq!(begun.fence, unleased.fence);
    same.release(1).await;
    assert!(dependent.is_valid(&stored).await);
    assert_eq!(same.commit(&unleased, b"v").await, Verdict::Stored);
    same.begin_with(2, LONG_MS).await;
    space.bump(&["same"]).await;
    assert!(same.extend(2, LONG_MS).await);
    assert!(!dependent.is_valid(&stored).await);
}

impl Call<'_> {
    /// Takes the lease, which is free; none if the store has no leases.
    async fn leased(&self, holder: u64, life_ms: u64) -> Option<Begun> {
        let begun = self.begin_with(holder, life_ms).await;
        assert!(matches!(begun.leased, Leased::Taken | Leased::Nobody), "it is free: {begun:?}");
        (begun.leased == Leased::Taken).then_some(begun)
    }

    async fn begin_with(&self, holder: u64, life_ms: u64) -> Begun {
        let begin = Begin {
            key: &self.key,
            dependencies: &self.dependencies,
            generation_life_ms: LONG_MS,
            fence_life_ms: LONG_MS,
            lease: Some(Lease { holder, life_ms }),
        };
        self.space.store.begin(&self.space.namespace, begin).await.expect("the store begins a load")
    }

    /// How long the holder has it still, as somebody else is told.
    async fn left_ms(&self) -> u64 {
        match self.begin_with(u64::MAX, LONG_MS).await.leased {
            Leased::Other { left_ms } => left_ms,
            leased => panic!("somebody has it: {leased:?}"),
        }
    }

    async fn commit_as(&self, holder: u64, begun: &Begun, bytes: &[u8]) -> Verdict {
        let (key, dependencies) = (&self.key, &self.dependencies[..]);
        let commit = Commit { key, dependencies, begun, bytes, life_ms: LONG_MS, holder: Some(holder) };
        self.space.store.commit(&self.space.namespace, commit).await.expect("the store decides on a load")
    }

    async fn extend(&self, holder: u64, life_ms: u64) -> bool {
        let lease = Lease { holder, life_ms };
        self.space.store.extend(&self.space.namespace, &self.key, lease).await.expect("the store extends a lease")
    }

    async fn release(&self, holder: u64) {
        self.space.store.release(&self.space.namespace, &self.key, holder).await.expect("the store takes a lease back");
    }
}

impl Space<'_> {
    /// Listens; none if the store tells nobody.
    async fn hears(&self) -> Option<Box<dyn Feed>> {
        let bus = self.store.bus()?;
        Some(bus.listen(&self.namespace).await.expect("the store tells of its leases"))
    }
}

/// The key of the lease that is told of next.
async fn freed(feed: &mut dyn Feed) -> String {
    let heard = async {
        loop {
            if let Heard::Freed { key } = feed.next().await.expect("the connection holds") {
                return key;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("it is told within 20 s")
}
