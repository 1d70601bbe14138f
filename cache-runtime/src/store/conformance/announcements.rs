//! Writes that are announced before they are committed elsewhere, and where partitions stand.

use super::{LONG_MS, SHORT_MS, Space, eventually};
use crate::store::{Store, Verdict};

/// Neither what is stored nor what is loaded meanwhile: nobody knows whether the write has come yet.
pub async fn what_is_announced_is_not_valid_and_not_kept(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["c", "d"]);
    let stored = call.store(b"old").await;
    space.announce(&["d"], 1, LONG_MS).await;
    assert!(!call.is_valid(&stored).await);
    let begun = call.begin().await;
    assert!(begun.is_dirty);
    assert_ne!(call.commit(&begun, b"v").await, Verdict::Stored);
    assert!(!call.is_valid(&begun).await);
    assert_eq!(call.read().await.generations[1], None);
}

/// It may have read what the write is about to replace.
pub async fn a_load_begun_before_an_announcement_is_refused(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin().await;
    space.announce(&["d"], 1, LONG_MS).await;
    assert!(call.is_refused(&begun).await);
    space.settle(&["d"], 1).await;
    assert!(call.is_refused(&begun).await);
}

/// Writers hold up only who reads what they write.
pub async fn an_announcement_of_another_dependency_refuses_nothing(store: &dyn Store) {
    let space = Space::new(store);
    let (stored, loading) = (space.call("stored", &["d"]), space.call("loading", &["d"]));
    let (entry, begun) = (stored.store(b"v").await, loading.begin().await);
    space.announce(&["e", "d2"], 1, LONG_MS).await;
    assert!(stored.is_valid(&entry).await);
    assert_eq!(loading.commit(&begun, b"v").await, Verdict::Stored);
    assert!(!space.call("other", &["d"]).begin().await.is_dirty);
}

/// And what was stored before stays invalid.
pub async fn a_settled_announcement_lets_loads_be_kept_again(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let old = call.store(b"old").await;
    space.announce(&["d"], 1, LONG_MS).await;
    space.settle(&["d"], 1).await;
    assert!(!call.is_valid(&old).await);
    let new = call.store(b"new").await;
    assert!(call.is_valid(&new).await);
}

/// Another writer may not have committed yet. One that announces twice settles once.
pub async fn settling_withdraws_only_ones_own(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    space.announce(&["d"], 1, LONG_MS).await;
    space.announce(&["d"], u64::MAX, LONG_MS).await;
    space.announce(&["d"], 1, LONG_MS).await;
    space.settle(&["d"], 1).await;
    assert!(call.begin().await.is_dirty);
    space.settle(&["d"], u64::MAX).await;
    assert!(!call.begin().await.is_dirty);
}

/// As it has to be where the announcement has ended by itself.
pub async fn settling_what_was_not_announced_is_a_bump(store: &dyn Store) {
    let space = Space::new(store);
    let (call, loading) = (space.call("k", &["d"]), space.call("loading", &["d"]));
    let (stored, begun) = (call.store(b"v").await, loading.begin().await);
    space.settle(&["d"], 1).await;
    assert!(!call.is_valid(&stored).await);
    assert!(loading.is_refused(&begun).await);
    let new = call.store(b"new").await;
    assert!(call.is_valid(&new).await);
}

/// Otherwise a writer that died would keep everybody from the cache. What was stored before it stays invalid.
pub async fn an_announcement_ends_by_itself(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let old = call.store(b"old").await;
    space.announce(&["d"], 1, LONG_MS).await;
    space.announce(&["d"], 2, SHORT_MS).await;
    space.settle(&["d"], 1).await;
    eventually("the announcement ends", async || !call.begin().await.is_dirty).await;
    assert!(!call.is_valid(&old).await);
    let new = call.store(b"new").await;
    assert!(call.is_valid(&new).await);
}

/// Other nodes see by it that something happened.
pub async fn announcements_and_settlements_step_the_seq(store: &dyn Store) {
    let space = Space::new(store);
    let bumped = space.bump(&["d"]).await[0];
    let announced = space.announce(&["d"], 1, LONG_MS).await[0];
    let settled = space.settle(&["d"], 1).await[0];
    assert_eq!((announced.partition, settled.partition), (bumped.partition, bumped.partition));
    assert_eq!(announced.stamp.seq, bumped.stamp.seq + 1);
    assert_eq!(settled.stamp.seq, bumped.stamp.seq + 2);
}

/// Those that were asked about.
pub async fn positions_are_where_the_steps_led(store: &dyn Store) {
    let space = Space::new(store);
    space.bump(&["a", "b", "c", "d"]).await;
    let bumps = space.bump(&["a", "b", "c", "d"]).await;
    let partitions: Vec<_> = bumps.iter().map(|bump| bump.partition).collect();
    let positions = store.positions(&space.namespace, &partitions).await.expect("the store knows where it stands");
    assert_eq!(positions, bumps.iter().map(|bump| (bump.partition, Some(bump.stamp))).collect::<Vec<_>>());
}
