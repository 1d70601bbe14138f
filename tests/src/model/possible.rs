//! What can happen next.

use super::config::{Demand, Kind};
use super::fate::Evicted;
use super::read::whole;
use super::state::{DEPENDENCIES, Kept, Phase, Writing};
use super::steps::Step;
use super::store::bits;
use super::world::World;

impl World<'_> {
    /// Everything that can happen next. Nothing that matters can, when nobody reads any more.
    pub(super) fn steps(&self) -> Vec<Step> {
        let is_reading = self.state.readers.iter().any(|reader| reader.phase != Phase::Idle);
        if !is_reading && self.state.left.reads == 0 {
            return Vec::new();
        }
        let mut steps = Vec::with_capacity(32);
        for at in 0..self.config.readers.len() {
            if self.may_arrive(at) {
                steps.push(Step::Arrive(at));
            }
            steps.extend(self.steps_of_reader(at));
        }
        (0..self.config.writers.len()).for_each(|at| self.steps_of_writer(at, &mut steps));
        (0..self.config.nodes).for_each(|node| self.steps_of_node(node, &mut steps));
        self.steps_of_fate(&mut steps);
        steps
    }

    /// Of readers that are alike the first that is idle arrives: which of them it is makes no difference.
    fn may_arrive(&self, at: usize) -> bool {
        let is = self.config.readers[at];
        let is_idle = |at: usize| self.state.readers[at].phase == Phase::Idle;
        let is_first = !(0..at).any(|before| self.config.readers[before] == is && is_idle(before));
        let has_token = match is.demand {
            Demand::After(writer) => matches!(self.state.writers[writer].phase, Writing::Acknowledged { .. }),
            Demand::Eventual | Demand::Strong => true,
        };
        self.state.left.reads > 0 && is_idle(at) && is_first && has_token
    }

    /// What the call under way comes to next.
    pub(super) fn steps_of_reader(&self, at: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        let may_lose = self.state.left.losses > 0;
        let lost = |step| may_lose.then_some(step);
        match &self.state.readers[at].phase {
            Phase::Idle | Phase::Following { .. } => return steps,
            Phase::Boarding => steps.push(Step::Board(at)),
            Phase::Reading(reading) => {
                let is_whole = reading.taken == whole(self.config.involved(reading.dependencies));
                match is_whole {
                    true => steps.push(Step::Answer(at)),
                    false => steps.extend(bits(self.parts_of(reading)).map(|bit| Step::Part(at, bit as u8))),
                }
                steps.extend(lost(Step::AnswerLost(at)));
            }
            Phase::Beginning(beginning) => {
                let mut involved = self.config.involved(self.config.readers[at].dependencies);
                let left: Vec<usize> = involved.by_ref().filter(|of| beginning.stamps[*of].is_none()).collect();
                match left.is_empty() {
                    true => steps.push(Step::Answer(at)),
                    false => steps.extend(left.into_iter().map(|partition| Step::Begin(at, partition))),
                }
                steps.extend(lost(Step::AnswerLost(at)));
            }
            Phase::Loading(_) => steps.push(Step::SeeRow(at)),
            Phase::Committing(..) => {
                steps.push(Step::Commit(at));
                steps.extend(lost(Step::CommitLost(at)));
            }
            Phase::Committed { kept, .. } => {
                steps.push(Step::Insert(at));
                steps.extend(lost(Step::CommitLost(at)).filter(|_| matches!(kept, Some(Kept::Entry(_)))));
            }
            Phase::Inserted(_) => steps.push(Step::Land(at)),
        }
        steps
    }

    fn steps_of_writer(&self, at: usize, steps: &mut Vec<Step>) {
        let answers = match &self.state.writers[at].phase {
            Writing::Acknowledged { .. } => return,
            Writing::Dead => {
                if self.has_announced(at) {
                    steps.push(Step::RunOut(at));
                }
                return;
            }
            Writing::Idle | Writing::Announced | Writing::Written | Writing::Stamped(_) => None,
            Writing::Announcing(sent) | Writing::Invalidating(sent, _) => Some(sent.answers),
            Writing::Stamping(beginning) => Some(beginning.stamps),
        };
        let is_begun = self.state.writers[at].phase != Writing::Idle;
        if is_begun && self.state.left.deaths > 0 {
            steps.push(Step::Die(at));
        }
        let Some(answers) = answers else { return steps.push(Step::GoOn(at)) };
        let is_stamping = matches!(self.state.writers[at].phase, Writing::Stamping(_));
        let involved: Vec<usize> = match is_stamping {
            true => self.config.involved(self.names_of(at)).collect(),
            false => self.steps_of(at).collect(),
        };
        if involved.iter().all(|partition| answers[*partition].is_some()) {
            steps.push(Step::AnswerWrite(at));
            // An announcement and a set are not asked for once more.
            let may_repeat = matches!(self.state.writers[at].phase, Writing::Invalidating(..))
                && !matches!(self.config.writers[at].kind, Kind::Set(_));
            if self.state.left.repeats > 0 && may_repeat {
                steps.extend(involved.iter().map(|partition| Step::Repeat(at, *partition)));
            }
        }
        let unanswered = involved.into_iter().filter(|partition| answers[*partition].is_none());
        steps.extend(unanswered.map(|partition| Step::Perform(at, partition)));
    }

    fn steps_of_node(&self, node: usize, steps: &mut Vec<Step>) {
        let (here, left) = (&self.state.nodes[node], &self.state.left);
        let messages = here.inbox.all();
        for at in (0..messages.len()).filter(|at| *at == 0 || messages[*at] != messages[*at - 1]) {
            steps.push(Step::Hear(node, at, false));
            if left.duplicates > 0 {
                steps.push(Step::Hear(node, at, true));
            }
        }
        for partition in 0..self.config.partitions {
            match here.beats[partition] {
                None if left.beats > 0 && here.known[partition].is_listening => {
                    steps.push(Step::SendBeat(node, partition));
                }
                Some(beat) if beat.answer.is_none() => steps.push(Step::PerformBeat(node, partition)),
                Some(_) => steps.push(Step::AnswerBeat(node, partition)),
                None => {}
            }
        }
        if left.crashes > 0 {
            steps.push(Step::Crash(node));
        }
        if left.feeds > 0 {
            steps.push(Step::Listen(node));
        }
    }

    fn steps_of_fate(&self, steps: &mut Vec<Step>) {
        let left = &self.state.left;
        if self.state.now < self.config.ticks {
            steps.push(Step::Tick);
        }
        if left.losses > 0 {
            for at in (0..self.config.readers.len()).filter(|at| self.leads(*at)) {
                let heirs: Vec<usize> = self.followers(at).collect();
                match heirs.is_empty() {
                    true => steps.push(Step::GiveUp(at, None)),
                    false => steps.extend(heirs.into_iter().map(|heir| Step::GiveUp(at, Some(heir)))),
                }
            }
        }
        for partition in 0..self.config.partitions {
            let server = &self.state.servers[partition];
            if left.snapshots > 0 && left.failovers > 0 && server.replica != server.held {
                steps.push(Step::Replicate(partition));
            }
            if left.failovers > 0 {
                steps.push(Step::FailOver(partition));
            }
            if left.clears > 0 && server.held.meta.is_some() {
                steps.push(Step::Clear(partition));
            }
        }
        if left.evictions > 0 {
            let metas = (0..self.config.partitions).map(Evicted::Meta);
            let generations = (0..DEPENDENCIES).map(Evicted::Generation);
            let slots = (0..self.config.nodes).map(Evicted::Slot);
            let all = metas.chain(generations).chain(slots).chain([Evicted::Entry, Evicted::Fence]);
            steps.extend(all.filter(|what| self.has(*what)).map(Step::Evict));
        }
    }

    fn leads(&self, at: usize) -> bool {
        !matches!(self.state.readers[at].phase, Phase::Idle | Phase::Boarding | Phase::Following { .. })
    }
}
