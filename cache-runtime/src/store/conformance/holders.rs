//! What becomes of a load that took the lease of its key. A store without leases has nothing to do here.

use super::{Call, LONG_MS, SHORT_MS, Space, eventually};
use crate::store::{Begun, Commit, Leased, Store, Verdict};

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

impl Call<'_> {
    pub(super) async fn commit_as(&self, holder: u64, begun: &Begun, bytes: &[u8]) -> Verdict {
        let (key, dependencies) = (&self.key, &self.dependencies[..]);
        let commit = Commit { key, dependencies, begun, bytes, life_ms: LONG_MS, holder: Some(holder) };
        self.space.store.commit(&self.space.namespace, commit).await.expect("the store decides on a load")
    }
}
