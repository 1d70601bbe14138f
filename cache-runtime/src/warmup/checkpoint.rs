//! How far a warm-up has come, as a text that another process reads.

use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// More items than this that failed are not listed: another run takes all from the first of the others on.
const MAX_FAILED: usize = 1_024;

/// How far a warm-up has come: which steps are done, how many items of the one after them had their turn, and which of
/// these failed.
///
/// It is what [`Progress::checkpoint`](super::Progress::checkpoint) gives, and has a text form to be kept in.
///
/// ```
/// use cache_runtime::warmup::Checkpoint;
///
/// let kept = "guilds:all members:1200!17,33";
/// assert_eq!(kept.parse::<Checkpoint>()?.to_string(), kept);
/// assert!("members:many".parse::<Checkpoint>().is_err());
/// # Ok::<_, cache_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    pub(super) steps: Vec<(String, Done)>,
}

/// How much of a step is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    All,
    Items(Items),
}

/// Which items of a step had their turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Items {
    /// All before this one had.
    pub(super) upto: usize,
    /// Those of them that failed, in their order.
    failed: Vec<usize>,
    /// Whether no more of these can be listed.
    is_full: bool,
}

impl Checkpoint {
    /// How much is done of a step.
    pub(super) fn of(&self, step: &str) -> Done {
        let found = self.steps.iter().find(|(name, _)| name == step);
        found.map_or_else(|| Done::Items(Items::default()), |(_, done)| done.clone())
    }

    pub(super) fn set(&mut self, step: &str, done: Done) {
        self.steps.retain(|(name, _)| name != step);
        self.steps.push((step.to_owned(), done));
    }
}

impl Items {
    /// Those that another run takes: what had no turn, and then what failed, so that failures which last keep nothing from
    /// its turn.
    pub(super) fn missing(&self, items: usize) -> Vec<usize> {
        let failed = self.failed.iter().copied().filter(|at| *at < items);
        (self.upto.min(items)..items).chain(failed).collect()
    }

    /// Notes the next one of the missing.
    pub(super) fn note(&mut self, at: usize, is_warm: bool) {
        if at < self.upto {
            self.failed.retain(|failed| *failed != at || !is_warm);
            return;
        }
        self.is_full |= !is_warm && self.failed.len() >= MAX_FAILED;
        if self.is_full {
            return;
        }
        self.upto = at + 1;
        if !is_warm {
            self.failed.push(at);
        }
    }

    /// What is left of it when all had their turn.
    pub(super) fn ended(self, items: usize) -> Done {
        if self.failed.is_empty() && self.upto >= items { Done::All } else { Done::Items(self) }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, done)) in self.steps.iter().enumerate() {
            let between = if at == 0 { "" } else { " " };
            match done {
                Done::All => write!(f, "{between}{name}:all")?,
                Done::Items(items) => write!(f, "{between}{name}:{items}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.upto)?;
        for (at, failed) in self.failed.iter().enumerate() {
            write!(f, "{}{failed}", if at == 0 { "!" } else { "," })?;
        }
        Ok(())
    }
}

impl FromStr for Checkpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = |part: &str| {
            let (name, done) = part.split_once(':').filter(|(name, _)| !name.is_empty())?;
            let done = if done == "all" { Done::All } else { Done::Items(items(done)?) };
            Some((name.to_owned(), done))
        };
        let steps: Option<Vec<_>> = text.split_whitespace().map(read).collect();
        steps.map(|steps| Self { steps }).ok_or_else(|| Error::Configuration {
            name: "checkpoint".to_owned(),
            problem: format!("`{text}` should be steps, such as `guilds:all members:1200!17,33`"),
        })
    }
}

fn items(text: &str) -> Option<Items> {
    let (upto, failed) = text.split_once('!').map_or((text, None), |(upto, failed)| (upto, Some(failed)));
    let failed: Result<Vec<usize>, _> = failed.iter().flat_map(|failed| failed.split(',')).map(str::parse).collect();
    let (upto, failed) = (upto.parse().ok()?, failed.ok()?);
    let is_in_order = failed.is_sorted_by(|one, next| one < next) && failed.last().is_none_or(|last| *last < upto);
    (is_in_order && failed.len() <= MAX_FAILED).then_some(Items { upto, failed, is_full: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_failures_that_is_full_ends_what_is_done_at_the_next_one() {
        let mut items = Items::default();
        for at in 0..MAX_FAILED * 3 {
            items.note(at, at % 2 == 0);
        }
        assert_eq!((items.failed.len(), items.upto), (MAX_FAILED, MAX_FAILED * 2 + 1));
        let missing = items.missing(MAX_FAILED * 3);
        let untried = MAX_FAILED - 1;
        assert_eq!(missing[..untried], (MAX_FAILED * 2 + 1..MAX_FAILED * 3).collect::<Vec<_>>());
        assert_eq!(missing[untried..untried + 2], [1, 3]);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        for text in ["a:", ":1", "a:1!", "a:1!1", "a:9!3,2", "a:9!3,3", "a:9!x", "a:all!1"] {
            assert!(text.parse::<Checkpoint>().is_err(), "{text}");
        }
    }
}
