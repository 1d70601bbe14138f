//! How long messages take: from sending an invalidation until this node hears its own message of it, which other nodes hear
//! at about the same time. Both ends are read from one clock, so clocks that differ have no say in it.

use super::shared::Space;
use crate::bus::Message;
use crate::stamp::{Partition, Stamp};
use crate::telemetry::{Histogram, Times};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many steps are remembered, sent or heard. With more between the two a delay is not measured.
const REMEMBERED: usize = 64;

/// What was sent and heard last.
#[derive(Debug)]
pub(super) struct Echoes {
    /// By its seq each: one that comes takes the place of an older one, and nothing is searched for.
    steps: Mutex<Box<[Option<Step>]>>,
    times: Times,
    /// When a message was heard last, by the cache's clock; zero before the first.
    heard_at_ms: AtomicU64,
}

/// One end of a delay, whose other end is not known yet: the answer may come before the message or after it.
#[derive(Debug)]
struct Step {
    name: (u64, Partition, Stamp),
    at: Duration,
    is_sent: bool,
}

impl Default for Echoes {
    fn default() -> Self {
        let steps = Mutex::new((0..REMEMBERED).map(|_| None).collect());
        Self { steps, times: Times::default(), heard_at_ms: AtomicU64::new(0) }
    }
}

impl Echoes {
    /// A step was made by an invalidation of this node.
    pub(super) fn sent(&self, space: &Space, partition: Partition, stamp: Stamp, at: Duration) {
        self.note(Step { name: (space.number, partition, stamp), at, is_sent: true });
    }

    /// A step was heard of, be it of this node or of another.
    pub(super) fn heard(&self, space: &Space, message: &Message, at: Duration, now_ms: u64) {
        self.heard_at_ms.fetch_max(now_ms, Ordering::Relaxed);
        self.note(Step { name: (space.number, message.partition, message.stamp), at, is_sent: false });
    }

    fn note(&self, step: Step) {
        let (_, partition, stamp) = step.name;
        let at = (stamp.seq as usize).wrapping_add(usize::from(partition.0)) % REMEMBERED;
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        match steps[at].take() {
            Some(other) if other.name == step.name && other.is_sent != step.is_sent => {
                let (sent, heard) = if step.is_sent { (step.at, other.at) } else { (other.at, step.at) };
                self.times.note(heard.saturating_sub(sent));
            }
            _ => steps[at] = Some(step),
        }
    }

    pub(super) fn times(&self) -> Histogram {
        self.times.read()
    }

    /// How long ago a message was heard; none if none was.
    pub(super) fn age_ms(&self, now_ms: u64) -> Option<u64> {
        match self.heard_at_ms.load(Ordering::Relaxed) {
            0 => None,
            at_ms => Some(now_ms.saturating_sub(at_ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: u64) -> Message {
        Message { partition: Partition(3), stamp: Stamp { epoch: 1, seq }, names: None }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn u03_a_delay_is_known_whichever_end_is_known_first() {
        let (echoes, space) = (Echoes::default(), Space::new("ns".into(), 0, None));
        let step = |seq| (Partition(3), Stamp { epoch: 1, seq });
        let (partition, stamp) = step(1);
        echoes.sent(&space, partition, stamp, ms(10));
        echoes.heard(&space, &message(1), ms(14), 14);
        echoes.heard(&space, &message(2), ms(30), 30);
        let (partition, stamp) = step(2);
        echoes.sent(&space, partition, stamp, ms(20));
        assert_eq!((echoes.times().count(), echoes.times().sum()), (2, ms(14)));
        assert_eq!(echoes.age_ms(50), Some(20));
    }

    #[test]
    fn what_others_sent_is_no_delay_and_is_forgotten() {
        let (echoes, space) = (Echoes::default(), Space::new("ns".into(), 0, None));
        assert_eq!(echoes.age_ms(50), None);
        (0..1_000).for_each(|seq| echoes.heard(&space, &message(seq), ms(seq), seq + 1));
        assert_eq!(echoes.times().count(), 0);
        let steps = echoes.steps.lock().expect("nobody panicked");
        assert_eq!(steps.iter().flatten().map(|step| step.name.2.seq).min(), Some(1_000 - REMEMBERED as u64));
    }
}
