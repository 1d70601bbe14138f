//! Payloads that others can neither read nor make: the number of the key, four bytes little-endian, a random nonce, and the
//! ciphertext with its tag.
//!
//! XChaCha20-Poly1305 (RFC 8439; Arciszewski, "XChaCha: eXtended-nonce ChaCha", draft-irtf-cfrg-xchacha-03), whose nonces
//! are long enough to be drawn at random for ever.

use crate::envelope::Unreadable;
use crate::error::CodecError;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::fmt;

/// The keys that entries are encrypted with: one to write, and those of before to read.
///
/// ```
/// use cache_runtime::Keyring;
///
/// # let (this_year, last_year) = ([2; 32], [1; 32]);
/// let keyring = Keyring::new(2026, this_year).reading(2025, last_year);
/// assert_eq!(format!("{keyring:?}"), "Keyring { writes: 2026, reads: [2026, 2025] }");
/// ```
///
/// To rotate keys, first let every process read the new one, then write with it, and forget the old one when the longest
/// TTL has passed. An entry whose key is not on the ring is a miss.
#[derive(Clone)]
pub struct Keyring {
    /// The first one writes.
    keys: Vec<(u32, XChaCha20Poly1305)>,
}

const ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;

impl Keyring {
    /// Writes with a key of 32 random bytes, under a number of one's own choice.
    #[must_use]
    pub fn new(id: u32, key: [u8; 32]) -> Self {
        Self { keys: vec![(id, XChaCha20Poly1305::new(&key.into()))] }
    }

    /// Reads with another key as well. Of two of one number the first is used.
    #[must_use]
    pub fn reading(mut self, id: u32, key: [u8; 32]) -> Self {
        self.keys.push((id, XChaCha20Poly1305::new(&key.into())));
        self
    }

    pub(super) fn encrypt(&self, payload: &[u8], bound_to: &[u8]) -> Result<Vec<u8>, CodecError> {
        let failed = |cause: &str| CodecError::Failed { codec: "encryption", cause: cause.into() };
        let (id, cipher) = self.keys.first().ok_or_else(|| failed("there is no key"))?;
        let nonce = XNonce::try_generate().map_err(|_| failed("the system has no randomness"))?;
        let message = Payload { msg: payload, aad: bound_to };
        let ciphertext = cipher.encrypt(&nonce, message).map_err(|_| failed("the payload is too long"))?;
        Ok([&id.to_le_bytes()[..], &nonce, &ciphertext].concat())
    }

    /// The payload, if it was encrypted with a key of this ring and is bound to the same.
    pub(super) fn decrypt(&self, payload: &[u8], bound_to: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let parts = payload.split_at_checked(ID_BYTES).and_then(|(id, rest)| {
            let (nonce, ciphertext) = rest.split_at_checked(NONCE_BYTES)?;
            Some((u32::from_le_bytes(id.try_into().ok()?), XNonce::try_from(nonce).ok()?, ciphertext))
        });
        let (id, nonce, ciphertext) = parts.ok_or(Unreadable::Encryption)?;
        let (_, cipher) = self.keys.iter().find(|(known, _)| *known == id).ok_or(Unreadable::Encryption)?;
        cipher.decrypt(&nonce, Payload { msg: ciphertext, aad: bound_to }).map_err(|_| Unreadable::Encryption)
    }
}

impl fmt::Debug for Keyring {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<u32> = self.keys.iter().map(|(id, _)| *id).collect();
        f.debug_struct("Keyring").field("writes", &ids[0]).field("reads", &ids).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s07_what_was_altered_anywhere_or_belongs_elsewhere_is_refused() {
        let keyring = Keyring::new(1, [7; 32]);
        let sealed = keyring.encrypt(b"payload", b"here").expect("it can be");
        assert_eq!(keyring.decrypt(&sealed, b"here"), Ok(b"payload".to_vec()));
        assert_eq!(keyring.decrypt(&sealed, b"there"), Err(Unreadable::Encryption));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(keyring.decrypt(&altered, b"here"), Err(Unreadable::Encryption), "byte {at}");
            assert_eq!(keyring.decrypt(&sealed[..at], b"here"), Err(Unreadable::Encryption), "cut at {at}");
        }
    }

    #[test]
    fn s08_an_old_key_is_readable_and_the_new_one_writes() {
        let old = Keyring::new(1, [1; 32]);
        let new = Keyring::new(2, [2; 32]).reading(1, [1; 32]);
        let written = old.encrypt(b"payload", b"").expect("it can be");
        assert_eq!(new.decrypt(&written, b""), Ok(b"payload".to_vec()));
        let rewritten = new.encrypt(b"payload", b"").expect("it can be");
        assert_eq!(rewritten[..4], 2_u32.to_le_bytes());
        assert_eq!(old.decrypt(&rewritten, b""), Err(Unreadable::Encryption), "a miss");
    }

    #[test]
    fn the_same_twice_does_not_look_the_same() {
        let keyring = Keyring::new(1, [7; 32]);
        assert_ne!(keyring.encrypt(b"payload", b"").expect("it can be"), keyring.encrypt(b"payload", b"").expect("so"));
    }
}
