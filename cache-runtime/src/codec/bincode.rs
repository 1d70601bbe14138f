//! bincode 2 through serde: written by the crate, read by [`Reader`].
//!
//! Complete and no longer maintained (RUSTSEC-2025-0141). Nothing is known to be wrong with it; a build without this
//! feature does not have it in its tree.

mod reader;

use super::{Codec, Output, failed, write_failed};
use crate::error::CodecError;
use bincode::config;
use reader::Reader;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// bincode 2 in its standard configuration: compact, fast, and bound to the order of fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bincode;

// Which of them there are depends on features: what is said of a type that is none must not.
#[diagnostic::do_not_recommend]
impl Codec for Bincode {
    const ID: u8 = 1;
    const NAME: &'static str = "bincode";

    fn encode<T: Serialize>(&self, value: &T, output: &mut Output) -> Result<(), CodecError> {
        bincode::serde::encode_into_std_write(value, output, config::standard())
            .map(drop)
            .map_err(|cause| write_failed(Self::NAME, output, cause))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CodecError> {
        let mut reader = Reader::new(bytes);
        let value = T::deserialize(&mut reader).map_err(|cause| failed(Self::NAME, cause))?;
        match reader.left() {
            [] => Ok(value),
            left => Err(failed(Self::NAME, format!("{} bytes left over", left.len()))),
        }
    }
}

impl From<Bincode> for super::AnyCodec {
    fn from(_: Bincode) -> Self {
        Self::Bincode
    }
}
