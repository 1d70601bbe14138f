//! Who is asked whether he returns `Arc`s: whose type is written like one.

use super::expand;

/// Whether a function of these options and this return type is asked, with its companions as often as they are made.
fn asked(options: &str, returns: &str) -> usize {
    let item = format!("#[cached(key = \"a:<id>\", ttl = 1{options})] async fn f(id: u64) -> {returns} {{ body }}");
    let expanded = expand(item.parse().expect("the item is Rust")).to_string();
    expanded.split_whitespace().filter(|word| *word == "AskPointing").count()
}

#[test]
fn what_is_written_like_an_arc_is_asked() {
    for returns in
        ["Arc<u8>", "std::sync::Arc<u8>", "Option<Arc<u8>>", "Result<Arc<u8>, E>", "io::Result<Option<Arc<u8>>>"]
    {
        assert_eq!(asked(", companions = false", returns), 1, "{returns}");
    }
    assert_eq!(asked("", "Arc<u8>"), 3, "the function, `f_refresh` and `f_entry`");
    for returns in ["u8", "Vec<Arc<u8>>", "Box<Arc<u8>>", "Option<u8>", "Result<u8, Arc<E>>"] {
        assert_eq!(asked("", returns), 0, "{returns}");
    }
}

#[test]
fn of_a_batch_its_items_are() {
    let of = |returns: &str| {
        let item = format!(
            "#[cached(key = \"a:<id>\", ttl = 1, batch(id = ids))] async fn f(ids: &[u64]) -> {returns} {{ body }}"
        );
        let expanded = expand(item.parse().expect("the item is Rust")).to_string();
        expanded.split_whitespace().any(|word| word == "AskPointing")
    };
    assert!(of("HashMap<u64, Arc<u8>>") && of("Result<BTreeMap<u64, Arc<u8>>, E>"));
    assert!(!of("HashMap<u64, u8>") && !of("HashMap<Arc<u8>, u8>"));
}
