//! What can happen, and what becomes of it.

use super::ablation::Switches;
use super::config::Config;
use super::fate::Evicted;
use super::known::Known;
use super::names::canonical;
use super::state::{NAMES, PARTITIONS, Phase, Places, READERS, Reader, Server, State, WRITERS};
use super::world::{Said, World};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Tick,
    Arrive(usize),
    Board(usize),
    Part(usize, u8),
    Begin(usize, usize),
    Answer(usize),
    AnswerLost(usize),
    SeeRow(usize),
    Commit(usize),
    CommitLost(usize),
    Insert(usize),
    Land(usize),
    GiveUp(usize, Option<usize>),
    GoOn(usize),
    Perform(usize, usize),
    Repeat(usize, usize),
    AnswerWrite(usize),
    Die(usize),
    RunOut(usize),
    Hear(usize, usize, bool),
    SendBeat(usize, usize),
    PerformBeat(usize, usize),
    AnswerBeat(usize, usize),
    Evict(Evicted),
    Replicate(usize),
    FailOver(usize),
    Clear(usize),
    Crash(usize),
    Listen(usize),
}

/// Where an exploration begins: nothing is there, or what some readers have left.
pub(super) fn initial(config: &Config, off: Switches) -> State {
    let mut places = Places { readers: [0; READERS], writers: [0; WRITERS], names: [0; NAMES] };
    config.readers.iter().zip(&mut places.readers).for_each(|(is, place)| *place = is.node);
    config.writers.iter().zip(&mut places.writers).for_each(|(is, place)| *place = is.node);
    (0..NAMES).for_each(|name| places.names[name] = config.partition_of(name));
    let mut state = State {
        now: 0,
        row: 0,
        servers: [Server { incarnation: 1, ..Server::default() }; PARTITIONS],
        nodes: Default::default(),
        readers: Default::default(),
        writers: Default::default(),
        left: config.left,
        places,
    };
    for (node, is_listening) in state.nodes.iter_mut().zip(config.listening) {
        node.known = [Known { is_listening, ..Known::default() }; PARTITIONS];
    }
    let mut world = World::new(state, config, off);
    for &at in config.warm {
        world.state.left.reads += 1;
        world.take(Step::Arrive(at));
        while let Some(step) = world.steps_of_reader(at).into_iter().find(|step| *step != Step::AnswerLost(at)) {
            world.take(step);
        }
    }
    for node in &mut world.state.nodes {
        node.inbox = Default::default();
    }
    canonical(&mut world.state, config.delta);
    world.state
}

impl<'c> World<'c> {
    pub(super) fn new(state: State, config: &'c Config, off: Switches) -> Self {
        Self { state, config, off, broken: None, said: Said::Nothing }
    }

    /// Takes a step, and gives what comes of it the names it always has.
    pub(super) fn take(&mut self, step: Step) {
        let left = &mut self.state.left;
        match step {
            Step::AnswerLost(_) | Step::CommitLost(_) | Step::GiveUp(..) => left.losses = left.losses.saturating_sub(1),
            Step::Die(_) => left.deaths -= 1,
            Step::Repeat(..) => left.repeats -= 1,
            Step::Hear(_, _, true) => left.duplicates -= 1,
            Step::SendBeat(..) => left.beats -= 1,
            Step::Evict(_) => left.evictions -= 1,
            Step::Replicate(_) => left.snapshots -= 1,
            Step::FailOver(_) => left.failovers -= 1,
            Step::Clear(_) => left.clears -= 1,
            Step::Crash(_) => left.crashes -= 1,
            Step::Listen(_) => left.feeds -= 1,
            _ => {}
        }
        self.perform_step(step);
        self.forget();
        canonical(&mut self.state, self.config.delta);
    }

    fn perform_step(&mut self, step: Step) {
        match step {
            Step::Tick => self.state.now += 1,
            Step::Arrive(at) => self.arrive(at),
            Step::Board(at) => self.board(at),
            Step::Part(at, bit) => self.take_part(at, bit),
            Step::Begin(at, partition) => self.perform_begin(at, partition),
            Step::Answer(at) => self.answer(at, false),
            Step::AnswerLost(at) => self.answer(at, true),
            Step::SeeRow(at) => self.see_row(at),
            Step::Commit(at) => self.perform_commit(at),
            Step::CommitLost(at) => self.lose_commit(at),
            Step::Insert(at) => self.insert(at),
            Step::Land(at) => self.land_load(at),
            Step::GiveUp(at, heir) => self.give_up(at, heir),
            Step::GoOn(at) => self.go_on(at),
            Step::Perform(at, partition) | Step::Repeat(at, partition) => self.perform(at, partition),
            Step::AnswerWrite(at) => self.answer_write(at),
            Step::Die(at) => self.die(at),
            Step::RunOut(at) => self.forget_writer(at),
            Step::Hear(node, at, stays) => self.hear(node, at, stays),
            Step::SendBeat(node, partition) => self.send_beat(node, partition),
            Step::PerformBeat(node, partition) => self.perform_beat(node, partition),
            Step::AnswerBeat(node, partition) => self.answer_beat(node, partition),
            Step::Evict(what) => self.evict(what),
            Step::Replicate(partition) => self.replicate(partition),
            Step::FailOver(partition) => self.fail_over(partition),
            Step::Clear(partition) => self.clear(partition),
            Step::Crash(node) => self.crash(node),
            Step::Listen(node) => self.set_listening(node, !self.state.nodes[node].known[0].is_listening),
        }
    }

    fn answer(&mut self, at: usize, is_lost: bool) {
        match self.state.readers[at].phase {
            Phase::Beginning(_) => self.answer_begin(at, is_lost),
            _ => self.answer_read(at, is_lost),
        }
    }

    fn perform_begin(&mut self, at: usize, partition: usize) {
        let Reader { phase: Phase::Beginning(mut beginning), .. } = self.state.readers[at] else { return };
        let is = self.config.readers[at];
        self.begin_in(is.node, partition, is.dependencies, &mut beginning);
        self.state.readers[at].phase = Phase::Beginning(beginning);
    }
}
