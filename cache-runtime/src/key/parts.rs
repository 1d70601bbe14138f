//! What can stand in a key: [`KeyPart`].

use super::fingerprint::Fingerprinter;
use super::writer::{KeyWriter, Style};

/// A value that can be part of a key, a tag or an event. Derive [`CacheKey`](crate::CacheKey) for types of your own.
///
/// No encoding goes through `Debug`, whose output may change with any release.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "not a key",
    note = "help: derive `CacheKey` for your own type in it, name a part of it in the key (`<param.field>`, `<param.to_string()>`), or leave the parameter out with `skip(…)`"
)]
pub trait KeyPart {
    /// Writes the value into a name; different values must write different texts.
    fn write(&self, key: &mut KeyWriter);

    /// Takes the value into a fingerprint; different values must go in differently.
    fn fingerprint(&self, print: &mut Fingerprinter);

    /// The values that an event's field stands for: itself, and each element of a collection.
    fn elements(&self, texts: &mut Vec<String>) {
        texts.push(written(self, Style::Field));
    }
}

/// A value of a call, without its type.
#[derive(Clone, Copy)]
pub struct Part<'a>(pub(crate) &'a dyn KeyPart);

/// The value of a placeholder. Generic, so that a type that is no [`KeyPart`] is reported at the placeholder's own type.
pub fn part<T: KeyPart>(value: &T) -> Part<'_> {
    Part(value)
}

/// How a value stands in a key, for those who build keys by hand.
///
/// ```
/// use cache_runtime::key;
///
/// assert_eq!(key::encode(&42_u64), "42");
/// assert_eq!(key::encode("alice"), "alice");
/// assert_eq!(key::encode("a:b"), "a%3Ab");
/// assert_eq!(key::encode("42"), "'42");
/// ```
pub fn encode(part: &(impl KeyPart + ?Sized)) -> String {
    written(part, Style::Key)
}

pub(crate) fn written(part: &(impl KeyPart + ?Sized), style: Style) -> String {
    let mut writer = KeyWriter::new(style);
    part.write(&mut writer);
    writer.finish()
}
