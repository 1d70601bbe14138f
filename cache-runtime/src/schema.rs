//! Which entries of a store a program may decode: the fingerprint of a value's type.

use sha2::{Digest, Sha256};

/// A fingerprint of a type as it is stored; an entry with another one is a miss. It goes by the name of the type and its `version`, and
/// not yet by its fields: a change of those needs another version.
///
/// It covers the type's full name and the attribute's `version`. It does not see a change inside a type that keeps its
/// name: raise `version` with such a change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Schema(pub(crate) u64);

impl Schema {
    /// The fingerprint of `T` at a version.
    ///
    /// ```
    /// use cache_runtime::Schema;
    ///
    /// assert_ne!(Schema::of::<Vec<u64>>(0), Schema::of::<Vec<u32>>(0));
    /// assert_ne!(Schema::of::<Vec<u64>>(0), Schema::of::<Vec<u64>>(1));
    /// ```
    pub fn of<T: ?Sized>(version: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(version.to_le_bytes());
        hash.update(std::any::type_name::<T>());
        Self(first_u64(&hash.finalize()))
    }
}

fn first_u64(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}
