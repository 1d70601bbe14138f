//! What vouches for an entry in memory when it is in doubt.

/// What an entry in memory has in the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Backing {
    /// The entry of this identity; while it is there, the key was neither removed nor set.
    Entry(u64),
    /// A generation of its key among its dependencies, since its function stores no entries.
    Generation,
    /// Nothing: when in doubt it is lost.
    Nothing,
}

/// A [`Backing`] in one word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backed(u64);

impl Backed {
    const NOTHING: u64 = 0;
    const GENERATION: u64 = 1;
}

/// An identity that is one of the two others' numbers, which is as improbable as any, has nothing to vouch for it.
impl From<Backing> for Backed {
    fn from(backing: Backing) -> Self {
        match backing {
            Backing::Entry(Self::GENERATION) | Backing::Nothing => Self(Self::NOTHING),
            Backing::Generation => Self(Self::GENERATION),
            Backing::Entry(identity) => Self(identity),
        }
    }
}

impl From<Backed> for Backing {
    fn from(backed: Backed) -> Self {
        match backed.0 {
            Backed::NOTHING => Self::Nothing,
            Backed::GENERATION => Self::Generation,
            identity => Self::Entry(identity),
        }
    }
}
