//! Looking for names, and doubt.

use super::{LONG_MS, Space};
use crate::store::{Cursor, Search, Store, Verdict};
use std::collections::BTreeSet;

/// Entries, loads under way, and generations; and on a cluster those of every server.
pub async fn all_that_is_there_is_found(store: &dyn Store) {
    let space = Space::new(store);
    let names: Vec<String> = (0..300).map(|n| format!("part:{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        let dependency = format!("on:part:{n}");
        let call = space.call(name, &[&dependency]);
        if n % 3 == 0 {
            call.put(b"v", LONG_MS).await.partition
        } else {
            call.begin().await.stamps[0].0
        };
    }
    let (keys, dependencies) = found(&space, "part:").await;
    let missing: Vec<_> = names.iter().filter(|name| !keys.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let made = (0..300).filter(|n| n % 3 != 0).map(|n| format!("on:part:{n}"));
    assert_eq!(made.filter(|name| !dependencies.contains(name)).collect::<Vec<_>>(), Vec::<String>::new());
}

/// Otherwise a search would say what is there in the caches of others.
pub async fn nothing_of_another_namespace_is_found(store: &dyn Store) {
    let space = Space::new(store);
    let others = ["", "2", ":x", "{p0}:e:"].map(|more| format!("{}{more}", space.namespace));
    for (n, other) in others.iter().enumerate().skip(1) {
        Space::named(store, other.clone()).call(&format!("k{n}"), &[]).put(b"v", LONG_MS).await;
    }
    space.call("k0", &[]).put(b"v", LONG_MS).await;
    assert_eq!(found(&space, "k").await.0, BTreeSet::from(["k0".to_owned()]));
}

/// Whatever stands in a name stands for itself.
pub async fn any_text_is_searched_for(store: &dyn Store) {
    let space = Space::new(store);
    let odd = ["a*b", "a?b", "a[b]", "a\\b", "a^b", "a{b}", "{p1}:e:", "ä ö", "a\nb", "%7B"];
    for text in odd {
        space.call(text, &[]).put(b"v", LONG_MS).await;
    }
    space.call("axb", &[]).put(b"v", LONG_MS).await;
    for text in odd {
        assert!(found(&space, text).await.0.contains(text), "{text:?}");
    }
    assert!(!found(&space, "a?b").await.0.iter().any(|key| key == "axb"), "no character is a wildcard");
    assert_eq!(found(&space, "").await.0.len(), odd.len() + 1);
}

/// So that what nodes keep in memory is asked for again, on every partition; and nothing else happens.
pub async fn doubt_steps_every_seq_and_invalidates_nothing(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let stored = call.store(b"v").await;
    let under_way = call.begin().await;
    let first = store.doubt(&space.namespace).await.expect("the store casts doubt");
    let second = store.doubt(&space.namespace).await.expect("the store casts doubt");
    assert_eq!(first.len(), usize::from(store.partitions()));
    for bump in &first {
        let after = second.iter().find(|after| after.partition == bump.partition).expect("each partition takes a step");
        assert!(bump.stamp.seq < after.stamp.seq && bump.stamp.epoch == after.stamp.epoch);
    }
    assert!(call.is_valid(&stored).await);
    assert_eq!(call.commit(&under_way, b"w").await, Verdict::Stored);
}

async fn found(space: &Space<'_>, part: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut keys, mut dependencies, mut next) = (BTreeSet::new(), BTreeSet::new(), Some(Cursor::default()));
    while let Some(from) = next {
        let page = space.store.search(&space.namespace, Search { part, from }).await.expect("the store searches");
        keys.extend(page.keys);
        dependencies.extend(page.dependencies);
        next = page.next;
    }
    (keys, dependencies)
}
