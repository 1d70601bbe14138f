//! How values become bytes: one module a codec, each behind a feature of its name.

mod output;
mod value;
mod wire;

#[cfg(feature = "bincode")]
mod bincode;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "msgpack")]
mod msgpack;
#[cfg(feature = "postcard")]
mod postcard;

#[cfg(feature = "bincode")]
pub use self::bincode::Bincode;
#[cfg(feature = "json")]
pub use self::json::Json;
#[cfg(feature = "msgpack")]
pub use self::msgpack::MessagePack;
#[cfg(feature = "postcard")]
pub use self::postcard::Postcard;
pub use output::Output;
#[doc(hidden)]
pub use value::{Content, Holding, Own, Pointee, Value, Whole};
pub(crate) use value::{is_typed, taken, typed};
pub use wire::{CacheCodec, Cacheable, Chosen, CodecChoice, Keepable, LocalWire, TypedWire, Wire};

use crate::error::CodecError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A way to write values as bytes and to read them back.
///
/// `ID` stands in every entry: an entry of another codec is a miss. Ids below 128 are the framework's.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a codec",
    label = "not a codec",
    note = "help: name one that implements `Codec`, as `cache_runtime::Json` does with the feature `json`"
)]
pub trait Codec: Send + Sync + 'static {
    /// The codec's number in entries.
    const ID: u8;
    /// The codec's name in errors.
    const NAME: &'static str;

    /// Writes a value.
    ///
    /// # Errors
    /// If the value cannot be written, or `output` has reached its limit.
    fn encode<T: Serialize>(&self, value: &T, output: &mut Output) -> Result<(), CodecError>;

    /// Reads a value that takes up all of `bytes`. Must not allocate more than in proportion to them.
    ///
    /// # Errors
    /// If the bytes are not of such a value.
    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CodecError>;
}

/// One of the codecs of this build, chosen for a whole cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnyCodec {
    /// bincode 2, standard configuration.
    #[cfg(feature = "bincode")]
    Bincode,
    /// Postcard.
    #[cfg(feature = "postcard")]
    Postcard,
    /// MessagePack.
    #[cfg(feature = "msgpack")]
    MessagePack,
    /// JSON.
    #[cfg(feature = "json")]
    Json,
    /// No codec in this build: nothing can be stored.
    None,
}

impl AnyCodec {
    /// The first of this build, in the order of this list.
    #[allow(unreachable_code)]
    pub(crate) fn first() -> Self {
        #[cfg(feature = "bincode")]
        return Self::Bincode;
        #[cfg(feature = "postcard")]
        return Self::Postcard;
        #[cfg(feature = "msgpack")]
        return Self::MessagePack;
        #[cfg(feature = "json")]
        return Self::Json;
        Self::None
    }
}

macro_rules! dispatch {
    ($self:ident, $codec:ident => $call:expr, $none:expr) => {
        match $self {
            #[cfg(feature = "bincode")]
            AnyCodec::Bincode => {
                let $codec = Bincode;
                $call
            }
            #[cfg(feature = "postcard")]
            AnyCodec::Postcard => {
                let $codec = Postcard;
                $call
            }
            #[cfg(feature = "msgpack")]
            AnyCodec::MessagePack => {
                let $codec = MessagePack;
                $call
            }
            #[cfg(feature = "json")]
            AnyCodec::Json => {
                let $codec = Json;
                $call
            }
            AnyCodec::None => $none,
        }
    };
}

impl AnyCodec {
    pub(crate) fn id(self) -> u8 {
        dispatch!(self, codec => id_of(codec), 0)
    }

    #[allow(unused_variables)]
    pub(crate) fn encode<T: Serialize>(self, value: &T, output: &mut Output) -> Result<(), CodecError> {
        dispatch!(self, codec => codec.encode(value, output), Err(no_codec()))
    }

    #[allow(unused_variables)]
    pub(crate) fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, CodecError> {
        dispatch!(self, codec => codec.decode(bytes), Err(no_codec()))
    }
}

#[cfg_attr(
    not(any(feature = "bincode", feature = "postcard", feature = "msgpack", feature = "json")),
    allow(dead_code)
)]
fn id_of<C: Codec>(_: C) -> u8 {
    C::ID
}

fn no_codec() -> CodecError {
    failed("none", "this build has no codec; enable the feature `bincode`, `postcard`, `msgpack` or `json`")
}

/// A codec's own error, unless it only says that the output was full.
#[cfg_attr(
    not(any(feature = "bincode", feature = "postcard", feature = "msgpack", feature = "json")),
    allow(dead_code)
)]
fn write_failed(codec: &'static str, output: &Output, cause: impl Into<crate::error::Cause>) -> CodecError {
    match output.overflowed() {
        Some(limit_bytes) => CodecError::TooLarge { limit_bytes },
        None => failed(codec, cause),
    }
}

fn failed(codec: &'static str, cause: impl Into<crate::error::Cause>) -> CodecError {
    CodecError::Failed { codec, cause: cause.into() }
}

#[cfg(test)]
mod tests;
