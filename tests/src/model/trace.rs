//! A counterexample, step by step, in words.

use super::ablation::Switches;
use super::config::{Config, Demand, Kind};
use super::explorer::walk;
use super::fate::Evicted;
use super::read::{named, part_name};
use super::state::{Kept, Phase, State, Writing};
use super::steps::Step;
use super::world::{Said, World};
use std::fmt;

/// The steps to a broken promise.
#[derive(Debug)]
pub struct Trace {
    steps: Vec<(u8, String)>,
    end: String,
}

impl Trace {
    pub(super) fn of(config: &Config, off: Switches, path: &[usize]) -> Self {
        let (mut steps, mut end) = (Vec::new(), String::new());
        walk(config, off, path, |before, step, after| {
            steps.push((after.state.now, Words { before, after }.of(step)));
            if let Some(broken) = after.broken {
                end = format!("reader {} is given v{}, and v{} was due", broken.reader, broken.given, broken.due);
            }
        });
        Self { steps, end }
    }

    /// How many steps it takes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether the promise was broken from the beginning.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (now, words)) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>3}  t{now}  {words}", at + 1)?;
        }
        write!(f, "       {}", self.end)
    }
}

struct Words<'w, 'c> {
    before: &'w State,
    after: &'w World<'c>,
}

impl Words<'_, '_> {
    fn of(&self, step: Step) -> String {
        match step {
            Step::Tick => "the clock ticks".to_owned(),
            Step::Arrive(at) => format!("{} arrives{}", self.reader(at), self.said()),
            Step::Board(at) => format!("{} looks anew{}", self.reader(at), self.said()),
            Step::Part(at, bit) => format!("the store reads {} for reader {at}", self.part(at, bit)),
            Step::Begin(at, partition) => {
                let Phase::Beginning(beginning) = self.after.state.readers[at].phase else { return String::new() };
                let dirty = if beginning.is_dirty { ", and says it is being written" } else { "" };
                let seq = beginning.stamps[partition].map_or(0, |stamp| stamp.seq);
                format!("the store performs the begin of reader {at}{}: seq {seq}{dirty}", self.within(partition))
            }
            Step::Answer(at) => format!("reader {at} has its answer{}", self.outcome(at)),
            Step::AnswerLost(at) => format!("reader {at} gets no answer{}", self.outcome(at)),
            Step::SeeRow(at) => format!("the load of reader {at} sees v{}", self.after.state.row),
            Step::Commit(at) => match self.after.state.readers[at].phase {
                Phase::Committed { kept: Some(Kept::Entry(_)), version } => {
                    format!("the store takes v{version} of reader {at}")
                }
                _ => format!("the store refuses what reader {at} loaded"),
            },
            Step::CommitLost(at) => format!("reader {at} never learns whether its load was stored"),
            Step::Insert(at) => format!("reader {at} hands what it loaded to memory, which {}", self.memory(at)),
            Step::Land(at) => format!("the flight of reader {at} lands{}", self.said()),
            Step::GiveUp(at, None) => format!("reader {at} gives up"),
            Step::GiveUp(at, Some(heir)) => format!("reader {at} gives up, reader {heir} takes over"),
            Step::GoOn(at) => self.writes(at),
            Step::Perform(at, partition) => {
                format!("the store performs it for writer {at}{}{}", self.within(partition), self.seq(partition))
            }
            Step::Repeat(_, partition) => {
                format!("and once more, as the answer was lost{}{}", self.within(partition), self.seq(partition))
            }
            Step::AnswerWrite(at) => match self.after.state.writers[at].phase {
                Writing::Acknowledged { .. } => {
                    format!("writer {at} is acknowledged: v{}", self.after.state.writers[at].version)
                }
                _ => format!("writer {at} has its answer"),
            },
            Step::Die(at) => format!("writer {at} dies"),
            Step::RunOut(at) => format!("the announcement of writer {at} runs out"),
            Step::Hear(node, at, stays) => {
                let message = self.before.nodes[node].inbox.all()[at];
                let again = if stays { ", and will again" } else { "" };
                format!("node {node} hears of seq {} ({}){again}", message.stamp.seq, named(message.names))
            }
            Step::SendBeat(node, partition) => format!("node {node} sends a heartbeat{}", self.within(partition)),
            Step::PerformBeat(node, partition) => {
                format!("the store answers the heartbeat of node {node}{}", self.within(partition))
            }
            Step::AnswerBeat(node, partition) => {
                format!("node {node} has the answer to its heartbeat{}", self.within(partition))
            }
            Step::Evict(what) => format!("evicted: {}", evicted(what)),
            Step::Replicate(partition) => format!("the replica{} has everything up to here", self.within(partition)),
            Step::FailOver(partition) => format!("the replica{} takes over", self.within(partition)),
            Step::Clear(partition) => format!("somebody clears the cache{}", self.within(partition)),
            Step::Crash(node) => format!("node {node} dies and starts anew"),
            Step::Listen(node) if self.after.state.nodes[node].known[0].is_listening => format!("node {node} listens"),
            Step::Listen(node) => format!("node {node} listens no more"),
        }
    }

    fn reader(&self, at: usize) -> String {
        let is = self.after.config.readers[at];
        let demand = match is.demand {
            Demand::Eventual => String::new(),
            Demand::Strong => ", strong,".to_owned(),
            Demand::After(writer) => format!(", with the token of writer {writer},"),
        };
        let by_hand = if is.loads { "" } else { ", by hand," };
        format!("reader {at} on node {}{demand}{by_hand}", is.node)
    }

    fn said(&self) -> String {
        match self.after.said {
            Said::Nothing => String::new(),
            Said::Returns(version) => format!(", returns v{version}"),
            Said::Asks => ", asks the store".to_owned(),
            Said::AsksAbout(version) => format!(", asks whether v{version} in memory still holds"),
            Said::Joins(leader) => format!(", joins the flight of reader {leader}"),
            Said::Begins => ", begins".to_owned(),
            Said::Misses => ", finds nothing".to_owned(),
        }
    }

    fn outcome(&self, at: usize) -> String {
        match self.after.state.readers[at].phase {
            Phase::Loading(_) => ", its load begins".to_owned(),
            _ => self.said(),
        }
    }

    fn part(&self, at: usize, bit: u8) -> String {
        let (Phase::Reading(before), Phase::Reading(after)) =
            (self.before.readers[at].phase, self.after.state.readers[at].phase)
        else {
            return String::new();
        };
        let taken = after.taken & !before.taken;
        let entry = after.entry.filter(|_| taken & 1 << 4 != 0);
        let found = entry.map_or(String::new(), |entry| format!(", finds v{}", entry.version));
        if taken == 1 << bit {
            return format!("{}{found}", part_name(bit));
        }
        let seq = after.metas[usize::from(bit)].map_or("no meta".to_owned(), |stamp| format!("seq {}", stamp.seq));
        format!("{seq}{}{found}", self.within(usize::from(bit)))
    }

    fn memory(&self, at: usize) -> String {
        let node = self.after.config.readers[at].node;
        let (before, after) = (self.before.nodes[node].slot, self.after.state.nodes[node].slot);
        match after.filter(|_| before != after) {
            Some(slot) => format!("keeps v{}", slot.version),
            None => "does not keep it".to_owned(),
        }
    }

    fn writes(&self, at: usize) -> String {
        let is = self.after.config.writers[at];
        let what = match is.kind {
            Kind::Emit(names) => format!("bumps {}", named(names)),
            Kind::Remove => "removes the key".to_owned(),
            Kind::Set(_) => "sets the key".to_owned(),
            Kind::Guarded(names) => format!("settles {}", named(names)),
        };
        match self.after.state.writers[at].phase {
            Writing::Announcing(_) => {
                format!("writer {at} on node {} announces {}", is.node, named(self.after.names_of(at)))
            }
            Writing::Written => format!("writer {at} on node {} commits v{}", is.node, self.after.state.row),
            Writing::Stamping(_) => format!("writer {at} begins"),
            _ => format!("writer {at} {what}"),
        }
    }

    fn seq(&self, partition: usize) -> String {
        let meta = self.after.state.servers[partition].held.meta;
        meta.map_or(String::new(), |meta| format!(": seq {}", meta.now.seq))
    }

    fn within(&self, partition: usize) -> String {
        if self.after.config.partitions == 1 { String::new() } else { format!(" in partition {partition}") }
    }
}

fn evicted(what: Evicted) -> String {
    match what {
        Evicted::Meta(partition) => format!("the meta of partition {partition}"),
        Evicted::Generation(name) => format!("the generation of {}", named(1 << name)),
        Evicted::Entry => "the entry".to_owned(),
        Evicted::Fence => "the fence".to_owned(),
        Evicted::Slot(node) => format!("the entry in the memory of node {node}"),
    }
}
