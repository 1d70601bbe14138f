//! How much a fault has to be shown before its last row ends.

use anyhow::bail;
use std::str::FromStr;

/// Reads and invalidations: so many were made, or are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) reads: u64,
    pub(crate) invalidations: u64,
}

impl Amount {
    pub(crate) fn add(&mut self, more: Self) {
        self.reads += more.reads;
        self.invalidations += more.invalidations;
    }

    /// What is wanted still, once this was made.
    pub(crate) fn without(self, made: Self) -> Self {
        Self {
            reads: self.reads.saturating_sub(made.reads),
            invalidations: self.invalidations.saturating_sub(made.invalidations),
        }
    }

    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// A number as people write large ones: `10M`, `500k`, `1,000`.
pub(crate) struct Count(pub(crate) u64);

impl FromStr for Count {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let plain = text.replace([',', '_'], "");
        let times = match plain.chars().last() {
            Some('k') => 1_000,
            Some('M') => 1_000_000,
            Some('G') => 1_000_000_000,
            _ => 1,
        };
        let digits = if times > 1 { &plain[..plain.len() - 1] } else { plain.as_str() };
        match digits.parse::<u64>().ok().and_then(|number| number.checked_mul(times)) {
            Some(number) if number > 0 => Ok(Self(number)),
            _ => bail!("`{text}` should be a number such as 500k or 10M"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_written_as_people_write_it() {
        let counted = |text: &str| text.parse::<Count>().map(|count| count.0).ok();
        assert_eq!(counted("10M"), Some(10_000_000));
        assert_eq!(counted("500k"), Some(500_000));
        assert_eq!(counted("1,000"), Some(1_000));
        assert_eq!(counted("7"), Some(7));
        for wrong in ["", "0", "M", "10m", "-1", "1.5M", "99999999999G"] {
            assert_eq!(counted(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_wanted_ends_at_nothing() {
        let wanted = Amount { reads: 10, invalidations: 5 };
        assert_eq!(wanted.without(Amount { reads: 30, invalidations: 1 }), Amount { reads: 0, invalidations: 4 });
        assert!(wanted.without(Amount { reads: 10, invalidations: 6 }).is_nothing());
    }
}
