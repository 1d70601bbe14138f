//! Who has the lease of a key, and for how long. A store without leases has nothing to do here.

use super::{Call, LONG_MS, SHORT_MS, Space, eventually};
use crate::bus::{Feed, Heard};
use crate::store::{Begin, Begun, Lease, Leased, Store, Verdict};
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

/// Who had the lease before may have stored it after the next one has looked; and nobody else has any use for it.
pub async fn who_takes_a_lease_is_told_of_the_entry(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let Some(begun) = call.leased(1, LONG_MS).await else { return };
    assert_eq!(begun.entry, None, "there is none yet");
    assert_eq!(call.begin_with(2, LONG_MS).await.entry, None);
    assert_eq!(call.commit_as(1, &begun, b"value").await, Verdict::Stored);
    let next = call.begin_with(2, LONG_MS).await;
    assert_eq!((next.leased, next.entry.as_deref()), (Leased::Taken, Some(&b"val"[..])));
    assert_eq!(call.begin_with(3, LONG_MS).await.entry, None, "it is not the one who loads");
    call.release(2).await;
    space.remove(&["k"]).await;
    assert_eq!(call.begin_with(3, LONG_MS).await.entry, None);
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
    pub(super) async fn leased(&self, holder: u64, life_ms: u64) -> Option<Begun> {
        let begun = self.begin_with(holder, life_ms).await;
        assert!(matches!(begun.leased, Leased::Taken | Leased::Nobody), "it is free: {begun:?}");
        (begun.leased == Leased::Taken).then_some(begun)
    }

    pub(super) async fn begin_with(&self, holder: u64, life_ms: u64) -> Begun {
        let begin = Begin {
            key: &self.key,
            dependencies: &self.dependencies,
            generation_life_ms: LONG_MS,
            fence_life_ms: LONG_MS,
            lease: Some(Lease { holder, life_ms }),
            head: 3,
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

    pub(super) async fn extend(&self, holder: u64, life_ms: u64) -> bool {
        let lease = Lease { holder, life_ms };
        self.space.store.extend(&self.space.namespace, &self.key, lease).await.expect("the store extends a lease")
    }

    pub(super) async fn release(&self, holder: u64) {
        self.space.store.release(&self.space.namespace, &self.key, holder).await.expect("the store takes a lease back");
    }
}

impl Space<'_> {
    /// Listens; none if the store tells nobody.
    pub(super) async fn hears(&self) -> Option<Box<dyn Feed>> {
        let bus = self.store.bus()?;
        Some(bus.listen(&self.namespace).await.expect("the store tells of its leases"))
    }
}

/// The key of the lease that is told of next.
pub(super) async fn freed(feed: &mut dyn Feed) -> String {
    let heard = async {
        loop {
            if let Heard::Freed { key } = feed.next().await.expect("the connection holds") {
                return key;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("it is told within 20 s")
}
