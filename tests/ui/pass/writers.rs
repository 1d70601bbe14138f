//! Writers as services have them, silent under the strictest lints.

#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]

use cache_runtime::{Cache, CacheEvent, cache_put, invalidates};

/// A member was changed.
#[derive(CacheEvent)]
pub struct MemberUpdate {
    /// Where.
    pub guild_id: u64,
}

/// A channel was renamed.
#[derive(CacheEvent)]
pub struct ChannelRenamed {
    /// Which.
    pub name: String,
    /// To what.
    #[event(skip)]
    pub to: String,
}

/// What can go wrong.
#[derive(Debug)]
pub enum AppError {
    /// It does not exist.
    NotFound,
    /// The cache.
    Cache(cache_runtime::Error),
}

impl From<cache_runtime::Error> for AppError {
    fn from(error: cache_runtime::Error) -> Self {
        Self::Cache(error)
    }
}

/// The application's result.
pub type AppResult<T> = Result<T, AppError>;

/// Removes a member.
///
/// # Errors
/// If there is none.
#[invalidates(MemberUpdate { guild_id })]
pub async fn kick(guild_id: u64, user_id: u64) -> AppResult<()> {
    if user_id == 0 {
        return Err(AppError::NotFound);
    }
    Ok(())
}

/// A service.
pub struct Channels {
    cache: Cache,
    prefix: String,
}

impl Channels {
    /// Renames a channel.
    ///
    /// # Errors
    /// If there is none.
    #[invalidates(
        ChannelRenamed { name = self.prefix.clone() + &name, to = ret.clone() } if ret != "general",
        "channels_listed",
        cache = self.cache,
    )]
    pub async fn rename(&mut self, name: String) -> AppResult<String> {
        self.prefix.clear();
        Ok(name)
    }

    /// Removes a channel, whoever dies.
    ///
    /// # Errors
    /// If there is none.
    #[invalidates(ChannelRenamed { name, to = String::new() }, if name != "general", guarded)]
    pub async fn remove(&self, name: String) -> AppResult<Option<String>> {
        let removed = name;
        Ok(Some(removed))
    }
}

/// What is stored of a channel.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Channel {
    /// Which.
    pub id: u64,
    /// Whose.
    pub owner: String,
}

/// Creates a channel.
///
/// # Errors
/// If there is one.
#[cache_put(key = "channel:<channel.id>", ttl = "10m", tags = ["owner:<return.owner>"])]
#[invalidates("channels_listed")]
pub async fn create(channel: Channel) -> AppResult<Channel> {
    Ok(channel)
}

impl Channels {
    /// Changes the prefix.
    #[cache_put(key = "prefix:<id>", cache = self.cache, tiers = both, jitter = 0.1)]
    pub async fn set_prefix<T: Into<String>>(&mut self, id: u64, prefix: T) -> Option<String> {
        self.prefix = prefix.into();
        (id > 0).then(|| self.prefix.clone())
    }
}

/// A pattern, as handlers have it.
pub struct Path<T>(pub T);

/// A handler.
#[invalidates(MemberUpdate { guild_id }, MemberUpdate { guild_id = other } if other != guild_id)]
#[must_use]
pub async fn moved(Path((guild_id, other)): Path<(u64, u64)>) -> u64 {
    guild_id + other
}

/// A trait with a writer.
pub trait Store {
    /// Writes.
    fn write(&self, guild_id: u64) -> impl Future<Output = bool> + Send;
}

impl Store for Channels {
    #[invalidates(MemberUpdate { guild_id } if *ret)]
    async fn write(&self, guild_id: u64) -> bool {
        guild_id > 0
    }
}

macro_rules! writer {
    ($name:ident, $parameter:ident: $ty:ty) => {
        /// A writer by a macro.
        #[invalidates(MemberUpdate { guild_id = $parameter } if *ret > $parameter)]
        pub async fn $name($parameter: $ty) -> $ty {
            $parameter + 1
        }
    };
}

writer!(by_a_macro, id: u64);

/// Generic, borrowed and named like the expansion's own.
///
/// # Errors
/// Never.
#[invalidates(MemberUpdate { guild_id = *write })]
pub async fn borrowed<'a, T>(write: &'a u64, written: &'a [T]) -> Result<&'a T, &'a str>
where
    T: Sync,
{
    written.first().ok_or("none")
}

fn main() {
    fn is_send(_: &impl Send) {}
    is_send(&kick(1, 2));
    is_send(&borrowed(&1, &[""]));
    is_send(&by_a_macro(1));
}
