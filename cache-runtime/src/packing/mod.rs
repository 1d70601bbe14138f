//! What is done to the bytes of a value on their way to a store: made smaller, then unreadable to others.
//!
//! What was packed says so in the flags of its entry. What cannot be unpacked, or was tampered with, is a miss.

#[cfg(feature = "compression")]
mod compress;
#[cfg(feature = "encryption")]
mod encrypt;

#[cfg(feature = "compression")]
pub use compress::Compress;
#[cfg(feature = "encryption")]
pub use encrypt::Keyring;

use crate::envelope::{COMPRESSED, ENCRYPTED, Envelope, Unreadable};
use crate::error::CodecError;
use std::borrow::Cow;

/// How a cache packs and unpacks.
#[derive(Debug, Default)]
pub(crate) struct Packing {
    #[cfg(feature = "compression")]
    pub(crate) compress: Option<Compress>,
    #[cfg(feature = "encryption")]
    pub(crate) keyring: Option<Keyring>,
    /// What was packed takes up no more than this when it is unpacked.
    #[cfg_attr(not(feature = "compression"), allow(dead_code, reason = "nothing is unpacked"))]
    pub(crate) max_value_bytes: usize,
}

/// Which entry this is: its bytes are good for no other.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "encryption"), allow(dead_code, reason = "nothing is bound to it"))]
pub(crate) struct Place<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) key: &'a str,
}

impl Packing {
    /// The same, unpacking nothing that is larger.
    pub(crate) fn within(mut self, max_value_bytes: usize) -> Self {
        self.max_value_bytes = max_value_bytes;
        self
    }

    /// Whether it does anything to what is written.
    pub(crate) fn is_on(&self) -> bool {
        #[cfg(feature = "compression")]
        if self.compress.is_some() {
            return true;
        }
        #[cfg(feature = "encryption")]
        if self.keyring.is_some() {
            return true;
        }
        false
    }

    /// Packs the payload of an entry, notes in its header how, and seals it.
    pub(crate) fn seal(
        &self,
        mut envelope: Envelope<'_>,
        payload: Vec<u8>,
        place: Place<'_>,
    ) -> Result<Vec<u8>, CodecError> {
        if envelope.absent {
            return self.encrypted(&mut envelope, payload, place).map(|payload| envelope.seal(&payload));
        }
        let payload = self.compressed(&mut envelope, payload);
        self.encrypted(&mut envelope, payload, place).map(|payload| envelope.seal(&payload))
    }

    /// The payload as it was before it was packed.
    pub(crate) fn unpack<'b>(
        &self,
        envelope: &Envelope<'_>,
        payload: &'b [u8],
        place: Place<'_>,
    ) -> Result<Cow<'b, [u8]>, Unreadable> {
        let payload = self.decrypted(envelope, payload, place)?;
        if envelope.packing & COMPRESSED == 0 {
            return Ok(payload);
        }
        self.decompressed(&payload).map(Cow::Owned)
    }

    #[cfg(feature = "compression")]
    fn compressed(&self, envelope: &mut Envelope<'_>, payload: Vec<u8>) -> Vec<u8> {
        match self.compress.and_then(|compress| compress::smaller(&payload, compress)) {
            None => payload,
            Some(smaller) => {
                envelope.packing |= COMPRESSED;
                smaller
            }
        }
    }

    #[cfg(not(feature = "compression"))]
    fn compressed(&self, _envelope: &mut Envelope<'_>, payload: Vec<u8>) -> Vec<u8> {
        payload
    }

    #[cfg(feature = "compression")]
    fn decompressed(&self, payload: &[u8]) -> Result<Vec<u8>, Unreadable> {
        compress::restored(payload, self.max_value_bytes).ok_or(Unreadable::Packing)
    }

    #[cfg(not(feature = "compression"))]
    fn decompressed(&self, _payload: &[u8]) -> Result<Vec<u8>, Unreadable> {
        Err(Unreadable::Packing)
    }

    #[cfg(feature = "encryption")]
    fn encrypted(
        &self,
        envelope: &mut Envelope<'_>,
        payload: Vec<u8>,
        place: Place<'_>,
    ) -> Result<Vec<u8>, CodecError> {
        let Some(keyring) = &self.keyring else { return Ok(payload) };
        envelope.packing |= ENCRYPTED;
        keyring.encrypt(&payload, &bound_to(envelope, place))
    }

    #[cfg(not(feature = "encryption"))]
    fn encrypted(&self, _: &mut Envelope<'_>, payload: Vec<u8>, _: Place<'_>) -> Result<Vec<u8>, CodecError> {
        Ok(payload)
    }

    /// A cache with keys believes nobody who has none, or they would be of no use against who can write to the store.
    #[cfg(feature = "encryption")]
    fn decrypted<'b>(
        &self,
        envelope: &Envelope<'_>,
        payload: &'b [u8],
        place: Place<'_>,
    ) -> Result<Cow<'b, [u8]>, Unreadable> {
        match (&self.keyring, envelope.packing & ENCRYPTED != 0) {
            (None, false) => Ok(Cow::Borrowed(payload)),
            (Some(keyring), true) => keyring.decrypt(payload, &bound_to(envelope, place)).map(Cow::Owned),
            (None, true) => Err(Unreadable::Packing),
            (Some(_), false) => Err(Unreadable::Encryption),
        }
    }

    #[cfg(not(feature = "encryption"))]
    fn decrypted<'b>(
        &self,
        envelope: &Envelope<'_>,
        payload: &'b [u8],
        _: Place<'_>,
    ) -> Result<Cow<'b, [u8]>, Unreadable> {
        if envelope.packing & ENCRYPTED == 0 { Ok(Cow::Borrowed(payload)) } else { Err(Unreadable::Packing) }
    }
}

/// What an encrypted payload is bound to: where it lies, and all that its header says of it.
#[cfg(feature = "encryption")]
fn bound_to(envelope: &Envelope<'_>, place: Place<'_>) -> Vec<u8> {
    let mut bound = Vec::new();
    for text in [place.namespace, place.key] {
        bound.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bound.extend_from_slice(text.as_bytes());
    }
    bound.extend_from_slice(&envelope.header());
    bound
}

#[cfg(all(test, feature = "compression", feature = "encryption"))]
mod tests;
