//! Which crates an expansion names.

use super::expand;
use proc_macro2::{TokenStream, TokenTree};

/// Y09
#[test]
fn no_crate_but_the_runtime_is_named() {
    let items = [
        r#"#[cached(key = "u:<self.t>:<id>:<T>", ttl = 300, invalidate_on = [Event, "other"], tags = ["u:<return.id>"],
            none_ttl = "1s", early = 2.0, stale_while_revalidate = "1m", hard_timeout = "1s", cache = self.cache,
            codec = Mine, error_if = is_one, error_ttl = 5, cache_if = is_other, lock = true)]
        async fn user<T>(&self, id: u64) -> Result<Option<User>, Error> { self.load(id).await }"#,
        r#"#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
        async fn users(ids: &[u64]) -> HashMap<u64, User> { load(ids).await }"#,
        "#[derive(CacheEvent)] struct Changed { id: u64 }",
        "#[derive(CacheKey)] enum Id { Of(u64), Named { name: String } }",
        "#[cache_runtime::test] async fn it_works(cache: Cache) {}",
    ];
    for item in items {
        let expanded = expand(item.parse().expect("the item is Rust"));
        let mut named = Vec::new();
        crates(expanded.clone(), &mut named);
        let others: Vec<_> = named.iter().filter(|name| !["cache_runtime", "core"].contains(&name.as_str())).collect();
        assert!(!named.is_empty() && others.is_empty(), "{others:?} in {expanded}");
    }
}

/// The first names of absolute paths.
fn crates(tokens: TokenStream, named: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    for (at, token) in tokens.iter().enumerate() {
        let follows_a_name = at > 0 && matches!(&tokens[at - 1], TokenTree::Ident(name) if name != "return");
        let follows_a_type =
            at > 0 && matches!(&tokens[at - 1], TokenTree::Punct(punct) if ">:".contains(punct.as_char()));
        match (token, tokens.get(at + 2)) {
            (TokenTree::Group(group), _) => crates(group.stream(), named),
            (_, Some(TokenTree::Ident(name)))
                if is_colon(at) && is_colon(at + 1) && !follows_a_name && !follows_a_type =>
            {
                named.push(name.to_string());
            }
            _ => {}
        }
    }
}
