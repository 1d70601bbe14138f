//! MessagePack, with the names of fields.

use super::{Codec, Output, failed, write_failed};
use crate::error::CodecError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// MessagePack with named fields: readable from most languages, and indifferent to the order of fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack;

// Which of them there are depends on features: what is said of a type that is none must not.
#[diagnostic::do_not_recommend]
impl Codec for MessagePack {
    const ID: u8 = 3;
    const NAME: &'static str = "msgpack";

    fn encode<T: Serialize>(&self, value: &T, output: &mut Output) -> Result<(), CodecError> {
        rmp_serde::encode::write_named(output, value).map_err(|cause| write_failed(Self::NAME, output, cause))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CodecError> {
        let mut left = bytes;
        let value = rmp_serde::decode::from_read(&mut left).map_err(|cause| failed(Self::NAME, cause))?;
        if !left.is_empty() {
            return Err(failed(Self::NAME, format!("{} bytes left over", left.len())));
        }
        Ok(value)
    }
}

impl From<MessagePack> for super::AnyCodec {
    fn from(_: MessagePack) -> Self {
        Self::MessagePack
    }
}
