//! Docs, visibility, attributes and lint levels of the function stay: A17, Y07.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

pub mod users {
    //! Users.
    #![deny(unreachable_pub)]

    use cache_runtime::cached;

    /// The name of a user.
    ///
    /// # Errors
    /// Never.
    #[cached(key = "attributes:<id>", ttl = 300)]
    #[must_use = "it was loaded for you"]
    #[allow(clippy::unused_async)]
    pub async fn name(id: u64) -> Result<String, ()> {
        Ok(format!("user {id}"))
    }

    #[doc(hidden)]
    #[inline]
    #[cached(key = "attributes:hidden:<id>", ttl = 300)]
    pub(crate) async fn hidden(id: u64) -> u64 {
        #![allow(unused_variables, unused_mut)]
        let mut unused = id;
        id
    }

    #[cfg(not(any()))]
    #[cached(key = "attributes:there:<id>", ttl = 300)]
    pub(super) async fn there(id: u64) -> u64 {
        id
    }

    #[cfg(any())]
    #[cached(key = "attributes:not-there:<id>", ttl = 300)]
    pub(super) async fn not_there(id: u64) -> Nothing {
        id
    }

    #[cached(key = "attributes:below:<id>", ttl = 300)]
    #[cfg(any())]
    pub(super) async fn not_there_either(id: u64) -> Nothing {
        id
    }

    #[cached(key = "attributes:deprecated:<id>", ttl = 300)]
    #[deprecated = "use `name`"]
    pub(super) async fn deprecated(id: u64) -> u64 {
        id
    }

    #[cached(key = "attributes:expected:<id>", ttl = 300)]
    #[expect(unused_variables, reason = "the body is not written yet")]
    pub(super) async fn expected(id: u64) -> u64 {
        let unused = 1;
        id
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(users::name(1).await.as_deref(), Ok("user 1"));
    assert_eq!(users::hidden(1).await + users::there(1).await, 2);
    #[allow(deprecated)]
    let deprecated = users::deprecated(1).await;
    assert_eq!(deprecated + users::expected(1).await, 2);
}
