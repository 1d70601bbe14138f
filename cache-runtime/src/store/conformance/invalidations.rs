//! Bump and clear, and generations that come and go.

use super::{Call, LONG_MS, SHORT_MS, Space, eventually, together};
use crate::store::{Store, Verdict};
use std::collections::HashSet;

/// The order that the protocol is about.
pub async fn a_bump_refuses_the_loads_begun_before_it(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin().await;
    space.bump(&["d"]).await;
    assert!(call.is_refused(&begun).await);
}

/// Whatever their number, without touching them.
pub async fn a_bump_ends_the_entries_stored_before_it(store: &dyn Store) {
    let space = Space::new(store);
    let (one, other) = (space.call("one", &["d"]), space.call("other", &["d", "e"]));
    let stored = (one.store(b"v").await, other.store(b"v").await);
    space.bump(&["d"]).await;
    assert!(!one.is_valid(&stored.0).await);
    assert!(!other.is_valid(&stored.1).await);
}

/// Neither loads nor entries.
pub async fn a_bump_of_another_dependency_refuses_nothing(store: &dyn Store) {
    let space = Space::new(store);
    let (stored, loading) = (space.call("stored", &["d"]), space.call("loading", &["d"]));
    let entry = stored.store(b"v").await;
    let begun = loading.begin().await;
    space.bump(&["e", "d2", "D"]).await;
    assert_eq!(loading.commit(&begun, b"v").await, Verdict::Stored);
    assert!(loading.is_valid(&begun).await);
    assert!(stored.is_valid(&entry).await);
}

/// An invalidation ends what was, not what comes.
pub async fn a_load_begun_after_a_bump_is_valid(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let old = call.store(b"old").await;
    space.bump(&["d"]).await;
    let new = call.store(b"new").await;
    assert!(call.is_valid(&new).await);
    assert!(!call.is_valid(&old).await);
}

/// All of them have to hold.
pub async fn a_bump_of_one_of_many_dependencies_refuses(store: &dyn Store) {
    let space = Space::new(store);
    let names: Vec<String> = (0..40).map(|at| format!("d{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let call = space.call("k", &names);
    let begun = call.begin().await;
    space.bump(&names[39..]).await;
    assert!(call.is_refused(&begun).await);
    let again = call.store(b"v").await;
    assert!(call.is_valid(&again).await);
}

/// Not as texts, in which 9 comes after 10.
pub async fn seqs_are_compared_as_numbers(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    for _ in 0..12 {
        let overtaken = call.begin().await;
        space.bump(&["d"]).await;
        assert!(call.is_refused(&overtaken).await);
        let begun = call.store(b"v").await;
        assert!(call.is_valid(&begun).await);
    }
}

/// In each partition: no two bumps are one step, and each is later than those acknowledged before it.
pub async fn concurrent_bumps_have_distinct_and_increasing_seqs(store: &dyn Store) {
    let space = Space::new(store);
    let before = space.bump(&["d"]).await[0];
    let stamps: Vec<_> =
        together((0..16).map(|_| space.bump(&["d"]))).await.into_iter().map(|bumps| bumps[0].stamp).collect();
    assert!(stamps.iter().all(|stamp| stamp.epoch == before.stamp.epoch && stamp.seq > before.stamp.seq));
    assert_eq!(stamps.iter().map(|stamp| stamp.seq).collect::<HashSet<_>>().len(), 16);
    let after = space.bump(&["d"]).await[0];
    assert!(stamps.iter().all(|stamp| stamp.seq < after.stamp.seq));
}

/// Only loads do: what nothing depends on takes no room.
pub async fn a_bump_makes_no_generation(store: &dyn Store) {
    let space = Space::new(store);
    space.bump(&["d"]).await;
    assert_eq!(space.call("k", &["d"]).read().await.generations, [None]);
}

/// Otherwise what is emitted often would stay for ever.
pub async fn a_bump_prolongs_no_generation(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    call.begin_for(SHORT_MS * 10, LONG_MS).await;
    space.bump(&["d"]).await;
    loses_its_generation(&call).await;
}

/// An invalidation may have been lost with it.
pub async fn a_load_that_lost_a_generation_is_refused(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin_for(SHORT_MS, LONG_MS).await;
    loses_its_generation(&call).await;
    assert!(call.is_refused(&begun).await);
}

/// Although another load has made the generation anew: it has the seq of that moment.
pub async fn a_load_from_before_a_lost_bump_is_refused(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin_for(SHORT_MS, LONG_MS).await;
    loses_its_generation(&call).await;
    space.bump(&["d"]).await;
    call.begin().await;
    assert!(call.is_refused(&begun).await);
    let later = call.store(b"v").await;
    assert!(call.is_valid(&later).await);
}

/// Eviction costs a load, never a stale read.
pub async fn an_entry_that_lost_a_generation_is_not_valid(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin_for(SHORT_MS, LONG_MS).await;
    call.commit(&begun, b"v").await;
    loses_its_generation(&call).await;
    assert!(!call.is_valid(&begun).await);
}

/// A load of a short entry does not end the generation that a long entry needs.
pub async fn a_generation_lives_as_long_as_the_longest_wish(store: &dyn Store) {
    let space = Space::new(store);
    let (call, control) = (space.call("k", &["d"]), space.call("control", &["control"]));
    call.begin_for(SHORT_MS, LONG_MS).await;
    let begun = call.store(b"v").await;
    call.begin_for(SHORT_MS, LONG_MS).await;
    control.begin_for(SHORT_MS, LONG_MS).await;
    loses_its_generation(&control).await;
    assert!(call.is_valid(&begun).await);
}

async fn loses_its_generation(call: &Call<'_>) {
    eventually("the generation expires", async || call.read().await.generations == [None]).await;
}

/// Everything of the namespace at once.
pub async fn clearing_ends_entries_and_refuses_loads(store: &dyn Store) {
    let space = Space::new(store);
    let (stored, loading) = (space.call("stored", &["d"]), space.call("loading", &["e"]));
    let entry = stored.store(b"v").await;
    let begun = loading.begin().await;
    space.clear().await;
    assert!(!stored.is_valid(&entry).await);
    assert_eq!(loading.commit(&begun, b"v").await, Verdict::Forgotten);
    let again = stored.store(b"again").await;
    assert!(stored.is_valid(&again).await);
}

/// In every partition, and it says which.
pub async fn clearing_begins_another_epoch(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin().await;
    let cleared = space.clear().await;
    assert_eq!(cleared.len(), usize::from(store.partitions()));
    let now = call.read().await.partitions;
    for (partition, stamp) in begun.stamps {
        let bump = cleared.iter().find(|bump| bump.partition == partition).expect("each partition is cleared");
        assert_ne!(bump.stamp.epoch, stamp.epoch);
        assert!(now.contains(&(partition, Some(bump.stamp))));
    }
}
