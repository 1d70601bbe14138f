//! Cached functions that `macro_rules!` writes, and names that are keywords.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;

/// Something with a name that Rust wants for itself.
#[derive(Debug)]
pub struct Kind {
    r#type: u32,
}

macro_rules! lookup {
    ($(#[$doc:meta])* $name:ident($id:ident: $ty:ty), $key:literal, $ttl:expr, [$tag:literal] -> $value:ty $body:block) => {
        $(#[$doc])*
        #[cached(key = $key, ttl = $ttl, tags = [$tag])]
        pub async fn $name($id: $ty) -> $value $body
    };
}

lookup!(
    /// A number.
    number(id: u64), "macros:number:<id>", 300, ["macros"] -> u64 { id }
);
lookup!(
    /// The length of a text, if it has one.
    ///
    /// # Errors
    /// Never.
    length(text: &str), "macros:length:<text>", "5m", ["macros:<text>"] -> Result<Option<usize>, ()> {
        Ok(Some(text.len()))
    }
);

/// By a field that is a keyword.
#[cached(key = "macros:kind:<kind.type>", ttl = 60, tags = ["macros:kind:<kind.type>"])]
pub async fn kind(kind: &Kind) -> u32 {
    kind.r#type
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        assert_eq!(number(1).await, 1);
        assert_eq!(length("abc").await, Ok(Some(3)));
        assert_eq!(length_entry("abc").get().await, Some(3));
        assert_eq!(kind(&Kind { r#type: 3 }).await, 3);
    });
}
