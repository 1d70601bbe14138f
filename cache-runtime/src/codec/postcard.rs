//! Postcard: as compact as bincode, and maintained.

use super::{Codec, Output, failed, write_failed};
use crate::error::CodecError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Postcard: varint-encoded and bound to the order of fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postcard;

// Which of them there are depends on features: what is said of a type that is none must not.
#[diagnostic::do_not_recommend]
impl Codec for Postcard {
    const ID: u8 = 2;
    const NAME: &'static str = "postcard";

    fn encode<T: Serialize>(&self, value: &T, output: &mut Output) -> Result<(), CodecError> {
        match postcard::to_io(value, &mut *output) {
            Ok(_) => Ok(()),
            Err(cause) => Err(write_failed(Self::NAME, output, cause)),
        }
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CodecError> {
        let (value, rest) = postcard::take_from_bytes(bytes).map_err(|cause| failed(Self::NAME, cause))?;
        if !rest.is_empty() {
            return Err(failed(Self::NAME, format!("{} bytes left over", rest.len())));
        }
        Ok(value)
    }
}

impl From<Postcard> for super::AnyCodec {
    fn from(_: Postcard) -> Self {
        Self::Postcard
    }
}
