//! Namespaces, keys and dependencies are any texts.

use super::Space;
use crate::stamp::random_name;
use crate::store::Store;

/// Nothing that is done in one is seen in the other.
pub async fn two_namespaces_do_not_touch(store: &dyn Store) {
    do_not_touch(&Space::new(store), &Space::new(store)).await;
}

/// Also where the rest of the one could be the start of a key of the other.
pub async fn a_namespace_that_begins_like_another_is_another(store: &dyn Store) {
    let short = Space::new(store);
    for rest in [":", ":longer", "x", ":e", "/"] {
        do_not_touch(&short, &Space::named(store, format!("{}{rest}", short.namespace))).await;
    }
}

async fn do_not_touch(one: &Space<'_>, other: &Space<'_>) {
    let (here, there) = (one.call("k", &["d"]), other.call("k", &["d"]));
    let (stored_here, stored_there) = (here.store(b"here").await, there.store(b"there").await);
    assert_eq!(here.entry().await.as_deref(), Some(&b"here"[..]));
    other.bump(&["d"]).await;
    assert!(here.is_valid(&stored_here).await && !there.is_valid(&stored_there).await);
    other.remove(&["k"]).await;
    other.clear().await;
    assert!(here.is_valid(&stored_here).await);
    assert_eq!(there.entry().await, None);
}

/// As long as it is, whatever is in it.
fn odd_texts() -> Vec<String> {
    let texts = [
        "", " ", "\0", "a\0b", "a\r\nb", "{x}", "{", "}{", "{}", "a:b:c", "*", "?[a-z]", "\\", "\"'", "%s%d", "日本",
        "🦀",
    ];
    texts.iter().map(|text| (*text).to_owned()).chain(["x".repeat(1_000), "🦀".repeat(250)]).collect()
}

/// Keys and dependencies alike, and no two of them are one.
pub async fn any_text_is_a_name(store: &dyn Store) {
    let space = Space::new(store);
    for text in odd_texts() {
        space.call(&text, &[&text]).store(text.as_bytes()).await;
    }
    for text in odd_texts() {
        let call = space.call(&text, &[&text]);
        assert_eq!(call.entry().await, Some(text.clone().into_bytes()));
        let begun = call.store(text.as_bytes()).await;
        space.bump(&[&text]).await;
        assert!(!call.is_valid(&begun).await);
        assert_eq!(space.remove(&[&text]).await.existed, 1);
    }
}

/// The empty one too, which stands for "no namespace".
pub async fn any_text_is_a_namespace(store: &dyn Store) {
    let unique = format!("{:016x}", random_name());
    for namespace in odd_texts() {
        let space = Space::named(store, namespace);
        let call = space.call(&unique, &[&unique]);
        let begun = call.store(b"v").await;
        assert!(call.is_valid(&begun).await);
        assert_eq!(space.remove(&[&unique]).await.existed, 1);
    }
}

/// A store that keeps its own things beside the entries tells them apart.
pub async fn names_like_the_stores_own_are_just_names(store: &dyn Store) {
    let space = Space::new(store);
    let call = space.call("k", &["d"]);
    let begun = call.store(b"v").await;
    for text in ["m", "g:d", "e:k", "f:k", ":g:d", "{p0}:m", "{p0}:g:d", "{p0}:e:k"] {
        space.call(text, &[text]).store(b"other").await;
        space.bump(&[text]).await;
        assert_eq!(space.remove(&[text]).await.existed, 1);
    }
    assert_eq!(call.entry().await.as_deref(), Some(&b"v"[..]));
    assert!(call.is_valid(&begun).await);
}

/// Bumping the one does not remove the other.
pub async fn a_key_and_a_dependency_of_one_text_do_not_touch(store: &dyn Store) {
    let space = Space::new(store);
    let (named, dependent) = (space.call("same", &[]), space.call("k", &["same"]));
    let (first, second) = (named.store(b"v").await, dependent.store(b"v").await);
    space.bump(&["same"]).await;
    assert!(named.is_valid(&first).await && !dependent.is_valid(&second).await);
    let again = dependent.store(b"v").await;
    space.remove(&["same"]).await;
    assert!(dependent.is_valid(&again).await);
}
