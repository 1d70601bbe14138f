//! JSON, for values that people read.

use super::{Codec, Output, failed, write_failed};
use crate::error::CodecError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// JSON: the slowest and largest, and the one that `redis-cli` shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

// Which of them there are depends on features: what is said of a type that is none must not.
#[diagnostic::do_not_recommend]
impl Codec for Json {
    const ID: u8 = 4;
    const NAME: &'static str = "json";

    fn encode<T: Serialize>(&self, value: &T, output: &mut Output) -> Result<(), CodecError> {
        serde_json::to_writer(&mut *output, value).map_err(|cause| write_failed(Self::NAME, output, cause))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CodecError> {
        serde_json::from_slice(bytes).map_err(|cause| failed(Self::NAME, cause))
    }
}

impl From<Json> for super::AnyCodec {
    fn from(_: Json) -> Self {
        Self::Json
    }
}
