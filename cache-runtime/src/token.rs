//! The receipt of an invalidation.

use crate::few::Few;
use crate::stamp::{Partition, Stamp};
use std::fmt;
use std::str::FromStr;

/// What an acknowledged invalidation reached, in a compact text form for a header or cookie.
///
/// ```
/// use cache_runtime::Token;
///
/// let token: Token = "0.00000000000000ff:12".parse()?;
/// assert_eq!(token.to_string(), "0.00000000000000ff:12");
/// assert!("nonsense".parse::<Token>().is_err());
/// # Ok::<(), cache_runtime::InvalidToken>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    steps: Few<(Partition, Stamp)>,
    is_queued: bool,
}

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of an invalidation")]
pub struct InvalidToken;

impl Token {
    /// Whether the invalidation was accepted and has yet to be performed, where
    /// [`Builder::recovery`](crate::Builder::recovery) allows that. Then it holds on this node, and on others no later
    /// than the bound after it was performed; the token says nothing to them.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        self.is_queued
    }

    pub(crate) fn queued() -> Self {
        Self { steps: Few::default(), is_queued: true }
    }

    /// Where each partition stood after the invalidation.
    pub(crate) fn steps(&self) -> &[(Partition, Stamp)] {
        &self.steps
    }

    pub(crate) fn of(steps: impl IntoIterator<Item = (Partition, Stamp)>) -> Self {
        Self { steps: steps.into_iter().collect(), is_queued: false }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (partition, stamp)) in self.steps.iter().enumerate() {
            if at > 0 {
                f.write_str("_")?;
            }
            write!(f, "{}.{stamp}", partition.0)?;
        }
        Ok(())
    }
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let step = |step: &str| {
            let (partition, stamp) = step.split_once('.')?;
            Some((Partition(partition.parse().ok()?), Stamp::parse(stamp)?))
        };
        text.split('_').map(step).collect::<Option<Vec<_>>>().map(Self::of).ok_or(InvalidToken)
    }
}
