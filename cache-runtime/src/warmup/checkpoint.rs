//! How far a warm-up has come, as a text that another process reads.

use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// How far a warm-up has come: which steps are done, and how many items of the one after them.
///
/// It is what [`Progress::checkpoint`](super::Progress::checkpoint) gives, and has a text form to be kept in.
///
/// ```
/// use cache_runtime::warmup::Checkpoint;
///
/// let kept = "guilds:all members:1200";
/// assert_eq!(kept.parse::<Checkpoint>()?.to_string(), kept);
/// assert!("members:many".parse::<Checkpoint>().is_err());
/// # Ok::<_, cache_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    pub(super) steps: Vec<(String, Done)>,
}

/// How much of a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    All,
    Items(usize),
}

impl Checkpoint {
    /// How much is done of a step.
    pub(super) fn of(&self, step: &str) -> Done {
        self.steps.iter().find(|(name, _)| name == step).map_or(Done::Items(0), |(_, done)| *done)
    }

    pub(super) fn set(&mut self, step: &str, done: Done) {
        self.steps.retain(|(name, _)| name != step);
        self.steps.push((step.to_owned(), done));
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

impl FromStr for Checkpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = |part: &str| {
            let (name, done) = part.split_once(':').filter(|(name, _)| !name.is_empty())?;
            let done = if done == "all" { Done::All } else { Done::Items(done.parse().ok()?) };
            Some((name.to_owned(), done))
        };
        let steps: Option<Vec<_>> = text.split_whitespace().map(read).collect();
        steps.map(|steps| Self { steps }).ok_or_else(|| Error::Configuration {
            name: "checkpoint".to_owned(),
            problem: format!("`{text}` should be steps, such as `guilds:all members:1200`"),
        })
    }
}
