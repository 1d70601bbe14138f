//! Remove and put.

use super::{LONG_MS, SHORT_MS, Space, eventually};
use crate::store::{Store, Verdict};

/// Entries, not keys that were named.
pub async fn a_removal_says_how_much_existed(store: &dyn Store) {
    let space = Space::new(store);
    space.call("one", &["d"]).store(b"v").await;
    space.call("two", &[]).store(b"v").await;
    space.call("loading", &[]).begin().await;
    assert_eq!(space.remove(&["one", "two", "loading", "never"]).await.existed, 2);
    assert_eq!(space.remove(&["one", "two", "loading", "never"]).await.existed, 0);
}

/// And its neighbour is not.
pub async fn a_removed_entry_is_gone(store: &dyn Store) {
    let space = Space::new(store);
    let (removed, other) = (space.call("removed", &["d"]), space.call("other", &["d"]));
    removed.store(b"v").await;
    let kept = other.store(b"v").await;
    space.remove(&["removed"]).await;
    assert_eq!(removed.entry().await, None);
    assert!(other.is_valid(&kept).await);
}

/// Their values may be from before whatever the removal was for.
pub async fn a_removal_refuses_the_loads_under_way(store: &dyn Store) {
    let space = Space::new(store);
    let (removed, other) = (space.call("removed", &["d"]), space.call("other", &["d"]));
    let (begun, kept) = (removed.begin().await, other.begin().await);
    space.remove(&["removed"]).await;
    assert_eq!(removed.commit(&begun, b"late").await, Verdict::Fenced);
    assert_eq!(other.commit(&kept, b"v").await, Verdict::Stored);
    let again = removed.store(b"again").await;
    assert_eq!(removed.commit(&begun, b"late").await, Verdict::Fenced, "the fence of a later load is another");
    assert!(removed.is_valid(&again).await);
}

/// With the stamps of a begin before it.
pub async fn a_put_is_read_back_and_valid(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin().await;
    call.put(b"put", LONG_MS).await;
    assert_eq!(call.entry().await.as_deref(), Some(&b"put"[..]));
    assert!(call.is_valid(&begun).await);
    space.bump(&["d"]).await;
    assert!(!call.is_valid(&begun).await);
}

/// Without a fence, and whoever stored it.
pub async fn a_put_replaces_what_is_there(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    call.store(b"loaded").await;
    call.put(b"one", LONG_MS).await;
    call.put(b"two", LONG_MS).await;
    assert_eq!(call.entry().await.as_deref(), Some(&b"two"[..]));
}

/// Otherwise a slow load would land over what was set after it began.
pub async fn a_put_refuses_the_loads_under_way(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin().await;
    call.put(b"put", LONG_MS).await;
    assert_eq!(call.commit(&begun, b"late").await, Verdict::Fenced);
    assert_eq!(call.entry().await.as_deref(), Some(&b"put"[..]));
}

/// Somebody else was at the key, and nobody can tell whose value is the newer.
pub async fn a_put_by_a_fence_that_has_fallen_removes_what_is_there(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let (first, second) = (call.begin().await, call.begin().await);
    call.put_by(Some(first.fence), b"one", LONG_MS).await;
    assert_eq!(call.entry().await.as_deref(), Some(&b"one"[..]));
    assert!(call.is_valid(&first).await);
    let before = call.put_by(Some(second.fence), b"two", LONG_MS).await;
    assert_eq!(call.entry().await, None);
    let third = call.begin().await;
    let after = call.put_by(Some(third.fence), b"three", LONG_MS).await;
    assert_eq!(call.entry().await.as_deref(), Some(&b"three"[..]));
    assert!(before.stamp.seq < after.stamp.seq, "other nodes hear of both");
}

/// By the life it was put for, not by that of what it replaced.
pub async fn an_entry_that_was_put_expires(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    call.store(b"v").await;
    call.put(b"put", SHORT_MS).await;
    eventually("the entry expires", async || call.entry().await.is_none()).await;
}

/// So that other nodes hear of each of them.
pub async fn removals_and_puts_step_the_seq(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &[]);
    let put = call.put(b"v", LONG_MS).await;
    let removed = space.remove(&["k"]).await.bumps;
    let again = call.put(b"v", LONG_MS).await;
    assert_eq!(removed.iter().map(|bump| bump.partition).collect::<Vec<_>>(), [put.partition]);
    assert!(put.stamp.seq < removed[0].stamp.seq && removed[0].stamp.seq < again.stamp.seq);
    assert_eq!(put.stamp.epoch, again.stamp.epoch);
}
