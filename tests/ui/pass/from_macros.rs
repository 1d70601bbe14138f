//! Cached functions that `macro_rules!` writes.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{CacheEvent, CacheKey, cached};

macro_rules! cached_lookup {
    ($(#[$doc:meta])* $name:ident, $key:literal, $ttl:expr, $value:ty) => {
        $(#[$doc])*
        #[cached(key = $key, ttl = $ttl)]
        pub async fn $name(id: u64) -> $value {
            <$value>::from(id)
        }
    };
}

cached_lookup!(
    /// A number.
    number, "macro:number:<id>", 300, u64
);
cached_lookup!(
    /// A larger number.
    larger, "macro:larger:<id>", "5m", u128
);

macro_rules! cached_of {
    ($name:ident($parameter:ident: $ty:ty) -> $returns:ty $body:block) => {
        #[cached(ttl = 60)]
        async fn $name($parameter: $ty) -> $returns $body
    };
}

cached_of!(length(text: &str) -> Result<Option<usize>, ()> { Ok(Some(text.len())) });

macro_rules! id_of {
    ($name:ident, $ty:ident, $field:ident: $field_ty:ident) => {
        /// Of a thing.
        #[derive(CacheKey)]
        pub struct $name($ty);

        #[derive(CacheEvent)]
        struct Changed {
            $field: $field_ty,
        }
    };
}

id_of!(UserId, u64, id: u64);

#[cached(ttl = 60, invalidate_on = [Changed(id)])]
async fn by_id(id: UserId) -> u64 {
    id.0
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(number(1).await, 1);
    assert_eq!(larger(1).await, 1);
    assert_eq!(by_id(UserId(1)).await, 1);
    let _ = cache_runtime::Event::from(Changed { id: 1 });
    assert_eq!(length("abc").await, Ok(Some(3)));
    assert_eq!(length_refresh("abc").await, Ok(Some(3)));
    assert_eq!(length_entry("abc").get().await, Some(3));
}
