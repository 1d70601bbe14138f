//! What the macros write, as a reader would format it; `door` stands for `::cache_runtime::__private`.
//!
//! `UPDATE_EXPECT=1 cargo test -p cache-macros` renews it.

mod crates;
mod derives;
mod functions;
mod keys;
mod mistakes;
mod pointing;
mod whole;

use crate::{cache_event, cache_key, cached, test_attr};
use expect_test::Expect;
use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::{Attribute, Meta};

/// Expands the first attribute of an item, or its derive.
fn check(item: &str, expected: Expect) {
    let expanded = expand(item.parse().expect("the item is Rust"));
    let text = expanded.to_string();
    assert!(!text.split_whitespace().any(|word| word == "unsafe"), "{text}");
    let file = syn::parse_str(&text.replace(":: cache_runtime :: __private", "door")).expect("an expansion is Rust");
    expected.assert_eq(&prettyplease::unparse(&file));
}

fn expand(item: TokenStream) -> TokenStream {
    let mut parts = item.into_iter();
    let attribute = Attribute::parse_outer.parse2(parts.by_ref().take(2).collect()).expect("an attribute comes first");
    let (meta, item) = (&attribute[0].meta, parts.collect());
    let arguments = match meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    match (meta.path().segments[0].ident.to_string().as_str(), arguments.to_string().as_str()) {
        ("derive", "CacheEvent") => cache_event::expand(item),
        ("derive", "CacheKey") => cache_key::expand(item),
        ("cached", _) => cached::expand(arguments, item),
        _ => test_attr::expand(arguments, item),
    }
}
