//! Read, begin, commit.

use super::{Call, LONG_MS, SHORT_MS, Space, eventually};
use crate::stamp::Stamp;
use crate::store::{Read, Store, Verdict, Want};

/// Absent everywhere, and no error.
pub async fn nothing_is_read_where_nothing_was_stored(store: &dyn Store) {
    let space = Space::new(store);
    let snapshot = space.call("k", &["d", "e"]).read().await;
    assert_eq!(snapshot.entry, None);
    assert_eq!(snapshot.generations, [None, None]);
    assert_eq!(space.call("k", &[]).look(Want::Head(8)).await.entry, None);
}

/// Byte by byte.
pub async fn a_committed_entry_is_read_back_and_valid(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d", "e"]);
    let begun = call.store(b"\0\r\n\xff").await;
    assert_eq!(call.entry().await.as_deref(), Some(&b"\0\r\n\xff"[..]));
    assert!(call.is_valid(&begun).await);
}

/// Its epoch alone decides.
pub async fn an_entry_that_depends_on_nothing_is_valid(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &[]);
    let begun = call.store(b"v").await;
    assert!(call.is_valid(&begun).await);
}

/// With the same stamps as the whole, and no more bytes than there are.
pub async fn a_head_is_the_first_bytes_of_an_entry(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    call.store(b"head and body").await;
    let head = call.look(Want::Head(4)).await;
    assert_eq!(head.entry.as_deref(), Some(&b"head"[..]));
    assert_eq!(call.look(Want::Head(0)).await.entry.as_deref(), Some(&b""[..]));
    assert_eq!(call.look(Want::Head(1_000)).await.entry.as_deref(), Some(&b"head and body"[..]));
    let whole = call.read().await;
    assert_eq!((head.partitions, head.generations), (whole.partitions, whole.generations));
}

/// Whatever they have in common: a dependency, a key, or nothing.
pub async fn several_are_read_as_each_of_them_is(store: &dyn Store) {
    let space = Space::new(store);
    let calls =
        [("a", &["d", "e"][..]), ("b", &["e", "f"]), ("absent", &["d", "lost"]), ("a", &["f", "d"]), ("c", &[])];
    let calls = calls.map(|(key, dependencies)| space.call(key, dependencies));
    for (call, bytes) in calls.iter().zip([b"a", b"b"]) {
        call.store(bytes).await;
    }
    space.bump(&["e"]).await;
    let reads: Vec<Read<'_>> = calls.iter().map(|call| call.question(Want::Whole)).collect();
    let mut several = store.read_many(&space.namespace, &reads).await.expect("the store reads");
    assert_eq!(several.len(), calls.len());
    for (call, several) in calls.iter().zip(&mut several) {
        let mut alone = call.read().await;
        alone.partitions.sort_unstable_by_key(|(partition, _)| *partition);
        several.partitions.sort_unstable_by_key(|(partition, _)| *partition);
        assert_eq!(*several, alone, "{} with {:?}", call.key, call.dependencies);
    }
    let entries: Vec<_> = several.iter().map(|snapshot| snapshot.entry.as_deref()).collect();
    assert_eq!(entries, [Some(&b"a"[..]), Some(b"b"), None, Some(b"a"), None]);
    assert!(store.read_many(&space.namespace, &[]).await.is_ok_and(|none| none.is_empty()));
}

/// The size of a large page or a small picture.
pub async fn a_megabyte_comes_back_as_it_was(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    call.store(&bytes).await;
    assert!(call.entry().await.is_some_and(|entry| entry == bytes));
}

/// Whichever ends first is kept; the other, which is no newer, is refused, for the fence went with the first.
pub async fn loads_of_one_key_share_its_fence(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let (first, second) = (call.begin().await, call.begin().await);
    assert_eq!(first.fence, second.fence);
    assert_eq!(call.commit(&second, b"second").await, Verdict::Stored);
    assert_eq!(call.commit(&first, b"first").await, Verdict::Fenced);
    assert_eq!(call.entry().await.as_deref(), Some(&b"second"[..]));
    let other = space.call("other", &["d"]).begin().await;
    assert_ne!(first.fence, other.fence);
}

/// By the millisecond, not by the second; and what has a longer life stays.
pub async fn an_entry_expires(store: &dyn Store) {
    let space = Space::new(store);
    let (short, long) = (space.call("short", &["d"]), space.call("long", &["d"]));
    long.store(b"v").await;
    let begun = short.begin().await;
    assert_eq!(short.commit_for(&begun, b"v", SHORT_MS).await, Verdict::Stored);
    eventually("the entry expires", async || short.entry().await.is_none()).await;
    assert!(long.entry().await.is_some());
}

/// Its fence has expired: meanwhile the key may have been set and removed.
pub async fn a_load_that_took_too_long_is_refused(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.begin_for(LONG_MS, SHORT_MS).await;
    eventually("the fence expires", async || call.commit(&begun, b"v").await == Verdict::Fenced).await;
    assert_ne!(call.begin().await.fence, begun.fence, "a new fence has a new name");
}

/// A short load does not take it from a long one.
pub async fn a_fence_lives_as_long_as_the_longest_load(store: &dyn Store) {
    let space = Space::new(store);
    let (call, control) = (space.call("k", &["d"]), space.call("control", &["d"]));
    call.begin_for(LONG_MS, SHORT_MS).await;
    let begun = call.begin().await;
    call.begin_for(LONG_MS, SHORT_MS).await;
    outlast(&control).await;
    assert_eq!(call.commit(&begun, b"v").await, Verdict::Stored);
}

/// Waits until a fence made now for a short life has expired.
async fn outlast(control: &Call<'_>) {
    let begun = control.begin_for(LONG_MS, SHORT_MS).await;
    eventually("a control expires", async || control.commit(&begun, b"v").await == Verdict::Fenced).await;
}

/// As they are in the envelope, in logs and on the server.
pub async fn stamps_are_printed_and_parsed(store: &dyn Store) {
    let space = Space::new(store);
    for _ in 0..12 {
        let bumps = space.bump(&["d"]).await;
        let begun = space.call("k", &["d"]).begin().await;
        for stamp in bumps.iter().map(|bump| bump.stamp).chain(begun.stamps.iter().map(|(_, stamp)| *stamp)) {
            assert_eq!(Stamp::parse(&stamp.to_string()), Some(stamp));
        }
    }
}
