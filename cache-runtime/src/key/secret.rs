//! Values that may stand nowhere as they are: in a key, a tag or an event there is a keyed hash in their place.
//!
//! HMAC-SHA-256: Krawczyk, Bellare, Canetti, "HMAC: Keyed-Hashing for Message Authentication", RFC 2104. Whoever reads the
//! store, a log or a trace cannot try passwords without the key. It is one key a process, since an event becomes a text
//! before any cache is asked.

use super::fingerprint::Fingerprinter;
use super::parts::{KeyPart, written};
use super::writer::{KeyWriter, Style};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What begins a hash, and no other value: plain ones escape it.
pub(super) const MARK: char = '!';

/// How many hexadecimal digits follow: 128 bits.
const DIGITS: usize = 32;

/// The fewest bytes of a key.
pub(crate) const MIN_KEY_BYTES: usize = 16;

static KEY: OnceLock<Hidden> = OnceLock::new();

/// Whether somebody gave this process its key.
static IS_GIVEN: AtomicBool = AtomicBool::new(false);

/// The key, condensed to the width that HMAC takes as it is.
#[derive(Clone, PartialEq, Eq)]
struct Hidden([u8; 32]);

/// A value that stands in names as a keyed hash. `#[key(secret)]` makes it of a parameter or a field; this is for keys and
/// tags that are written by hand.
#[derive(Clone, Copy)]
pub struct Secret<'a, T: ?Sized>(&'a T);

/// The same value, to stand in names as a keyed hash only.
///
/// ```
/// use cache_runtime::key;
///
/// let token = key::encode(&key::secret("hunter2"));
/// assert!(token.starts_with('!') && !token.contains("hunter2"));
/// assert_eq!(token, key::encode(&key::secret("hunter2")));
/// assert_ne!(token, key::encode(&key::secret("hunter3")));
/// ```
pub fn secret<T: KeyPart + ?Sized>(value: &T) -> Secret<'_, T> {
    Secret(value)
}

#[diagnostic::do_not_recommend]
impl<T: KeyPart + ?Sized> KeyPart for Secret<'_, T> {
    fn write(&self, key: &mut KeyWriter) {
        key.secret(self.0);
    }

    fn fingerprint(&self, print: &mut Fingerprinter) {
        // It does not leave the process, and cannot be told backwards.
        self.0.fingerprint(print);
    }

    fn elements(&self, texts: &mut Vec<String>) {
        self.0.elements(texts);
        texts.iter_mut().for_each(|text| *text = sealed(text));
    }
}

impl<T: ?Sized> fmt::Debug for Secret<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl KeyWriter {
    /// Writes a value as a keyed hash, from which nobody without the key can tell it.
    pub fn secret(&mut self, value: &(impl KeyPart + ?Sized)) {
        // In an event `42` and `"42"` are the same, in a key they are not; a tag goes by the key's text.
        let style = if self.style() == Style::Field { Style::Field } else { Style::Key };
        self.encoded(&sealed(&written(value, style)));
    }
}

/// The hash of a text; what is one already stays as it is.
fn sealed(text: &str) -> String {
    if is_sealed(text) {
        return text.to_owned();
    }
    let digest = hmac(&KEY.get_or_init(Hidden::random).0, text.as_bytes());
    let mut sealed = String::from(MARK);
    digest.iter().take(DIGITS / 2).for_each(|byte| sealed.push_str(&format!("{byte:02x}")));
    sealed
}

/// Whether a text is a hash, and of nothing else.
pub(crate) fn is_sealed(text: &str) -> bool {
    text.strip_prefix(MARK)
        .is_some_and(|hash| hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Why a key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is too short to keep anything secret.
    TooShort,
    /// This process uses another.
    Another,
}

/// Makes this the key of the process.
pub(crate) fn use_key(key: &[u8]) -> Result<(), Refused> {
    if key.len() < MIN_KEY_BYTES {
        return Err(Refused::TooShort);
    }
    let key = Hidden(Sha256::digest(key).into());
    if *KEY.get_or_init(|| key.clone()) != key {
        return Err(Refused::Another);
    }
    IS_GIVEN.store(true, Ordering::Release);
    Ok(())
}

/// Whether the key is one that others may have too.
pub(crate) fn has_key() -> bool {
    IS_GIVEN.load(Ordering::Acquire)
}

impl Hidden {
    /// One for this process, which its memory needs and nobody else knows.
    fn random() -> Self {
        let mut hash = Sha256::new();
        (0..4).for_each(|_| hash.update(crate::stamp::random_name().to_le_bytes()));
        Self(hash.finalize().into())
    }
}

fn hmac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    const BLOCK_BYTES: usize = 64;
    let padded = |pad: u8| std::array::from_fn::<u8, BLOCK_BYTES, _>(|at| key.get(at).copied().unwrap_or(0) ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first of RFC 4231, whose key is 20 bytes, and the fourth, whose key is 25.
    #[test]
    fn it_is_the_hmac_of_the_standard() {
        let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut first = [0; 32];
        first[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex(hmac(&first, b"Hi There")), expected);
        let mut fourth = [0; 32];
        (0..25).for_each(|at| fourth[at as usize] = at + 1);
        let expected = "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b";
        assert_eq!(hex(hmac(&fourth, &[0xcd; 50])), expected);
    }

    #[test]
    fn a_secret_is_none_of_its_neighbours_and_not_hidden_twice() {
        let token = written(&secret("hunter2"), Style::Key);
        assert!(is_sealed(&token), "{token}");
        assert_eq!(sealed(&token), token);
        assert_ne!(written(token.as_str(), Style::Key), token, "a plain text that looks like it");
        assert_ne!(token, written(&secret("hunter"), Style::Key));
        assert_ne!(written(&secret(&42), Style::Key), written(&secret("42"), Style::Key));
        assert_eq!(written(&secret(&42), Style::Field), written(&secret("42"), Style::Field));
        assert_eq!(written(&secret("a"), Style::Key), written(&secret("a"), Style::Plain));
    }

    #[test]
    fn each_element_of_a_secret_collection_is_hidden() {
        let mut texts = Vec::new();
        secret(&vec!["a", "b"]).elements(&mut texts);
        assert!(texts.len() == 3 && texts.iter().all(|text| is_sealed(text)), "{texts:?}");
        assert!(texts.contains(&written(&secret("a"), Style::Field)));
    }
}
