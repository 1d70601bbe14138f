//! What a body fails with.

use cache_runtime::Unanswered;

/// The error of a source, or of a caller who did not wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The source is down.
    Down,
    /// The time was up.
    Late(Unanswered),
}

impl From<Unanswered> for Failed {
    fn from(why: Unanswered) -> Self {
        Self::Late(why)
    }
}
