//! Whatever is wrong, the function itself comes out, with every mistake behind it.

use super::{check, expand};
use expect_test::expect;

#[test]
fn several_mistakes_at_once() {
    check(
        r#"
        #[cached(key = "user:<id>", tll = 300, version = "2", tiers = l3)]
        pub async fn user(id: u64) -> &User {
            load(id).await
        }
        "#,
        expect![[r##"
            #[allow(unused_variables)]
            pub async fn user(id: u64) -> &User {
                load(id).await
            }
            ::core::compile_error! {
                "unknown option `tll`\nhelp: did you mean `ttl`?"
            }
            ::core::compile_error! {
                "`version` is not a number\nhelp: write a whole number from 0 to 4294967295, as in `version = 2`"
            }
            ::core::compile_error! {
                "this is no value of `tiers`\nhelp: write `tiers = l1`, `tiers = l2` or `tiers = both`"
            }
            ::core::compile_error! {
                "a reference cannot be cached\nhelp: return an owned value, or an `Arc` of it, which a hit only clones"
            }
        "##]],
    );
}

#[test]
fn what_is_no_function_comes_out_as_it_was() {
    check(
        r#"
        #[cached(ttl = 300)]
        pub struct User {
            id: u64,
        }
        "#,
        expect![[r#"
            pub struct User {
                id: u64,
            }
            ::core::compile_error! {
                "`#[cached]` is not on a function\nhelp: put it on an `async fn` with a body"
            }
        "#]],
    );
}

#[test]
fn each_option_of_cached_is_sent_to_ours() {
    const THEIRS: &str = "cache_err cache_none cache_prefix_block companions_vis convert create disk expires \
        force_refresh in_impl map_error max_size option redis refresh result result_fallback shards size sync_lock \
        sync_writes sync_writes_buckets time time_refresh ttl_millis ttl_secs ty unbound unsync_reads with_cached_flag";
    for theirs in THEIRS.split_whitespace() {
        let item = format!("#[cached(key = \"user:<id>\", {theirs} = 1)] async fn user(id: u64) -> u64 {{ id }}");
        let refused = expand(item.parse().expect("the item is Rust")).to_string();
        assert!(refused.contains(&format!("unknown option `{theirs}`")), "{refused}");
        let is_general = refused.contains("did you mean") || refused.contains("the options are");
        assert!(!is_general, "{theirs}: {refused}");
    }
}
