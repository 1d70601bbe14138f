//! The attributes and derives of `cache-runtime`, which re-exports them; depend on that crate.
//!
//! Every macro goes the same way: parse, collect what is wrong, lower to checked facts, expand to a call.

mod cache_event;
mod cache_key;
mod cache_put;
mod cache_schema;
mod cached;
mod extent;
mod invalidates;
mod item;
mod options;
mod paths;
mod problems;
mod secrets;
#[cfg(test)]
mod snapshots;
mod source;
mod template;
mod test_attr;
mod values;
mod writer;

use proc_macro::TokenStream;

/// Caches an async function. See the guide of `cache-runtime` for every option.
///
/// What is cached: `key`, `skip`, `name`, `version`, `tags`, `invalidate_on`. Where: `cache`, `tiers`, `codec`. How long:
/// `ttl`, `ttl_from`, `none_ttl`, `l1_ttl`, `jitter`, `cache_if`, `min_load`, `error_if`, `error_ttl`. Before it ends: `early`, `refresh_every`, `refresh_idle`. When it has
/// ended: `stale_while_revalidate`, `stale_if_error`, `error_backoff`. How it is loaded: `lock`, `soft_timeout`,
/// `hard_timeout`. How new it is: `consistency`. And `companions`, `crate`.
#[proc_macro_attribute]
pub fn cached(arguments: TokenStream, item: TokenStream) -> TokenStream {
    cached::expand(arguments.into(), item.into()).into()
}

/// Emits events after an async function has succeeded.
///
/// `Event { field = expression }`, `Event { field } if condition`, `if condition`, `guarded`, `cache`, `crate`.
#[proc_macro_attribute]
pub fn invalidates(arguments: TokenStream, item: TokenStream) -> TokenStream {
    invalidates::expand(arguments.into(), item.into()).into()
}

/// Puts what an async function returns in place of an entry.
///
/// `key`, `ttl`, `ttl_from`, `l1_ttl`, `jitter`, `invalidate_on`, `tags`, `name`, `version`, `cache`, `tiers`, `codec`, `crate`.
#[proc_macro_attribute]
pub fn cache_put(arguments: TokenStream, item: TokenStream) -> TokenStream {
    cache_put::expand(arguments.into(), item.into()).into()
}

/// Declares an event that cached functions can be bound to.
#[proc_macro_derive(CacheEvent, attributes(event))]
pub fn cache_event(item: TokenStream) -> TokenStream {
    cache_event::expand(item.into()).into()
}

/// Lets a type stand in a key.
#[proc_macro_derive(CacheKey, attributes(key))]
pub fn cache_key(item: TokenStream) -> TokenStream {
    cache_key::expand(item.into()).into()
}

/// Tells entries of a type from those of the same type before it was changed.
#[proc_macro_derive(CacheSchema, attributes(schema))]
pub fn cache_schema(item: TokenStream) -> TokenStream {
    cache_schema::expand(item.into()).into()
}

/// A tokio test with a cache of its own: in memory, by a manual clock.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test_attr::expand(arguments.into(), item.into()).into()
}
