//! Every state that can be reached, in the order of how many steps it takes: so a counterexample is as short as can be.

use super::ablation::Switches;
use super::config::Config;
use super::fingerprint::{Seen, fingerprint};
use super::state::State;
use super::steps::{Step, initial};
use super::trace::Trace;
use super::world::World;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often the progress is told, in states.
const TELL_EVERY: usize = 1_000_000;

/// What came of an exploration.
#[derive(Debug)]
pub struct Report {
    /// Different states that were reached.
    pub states: usize,
    /// The most steps that one of them is away from the beginning.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// What was found.
    pub verdict: Verdict,
}

/// Whether the promises are kept.
#[derive(Debug)]
pub enum Verdict {
    /// In every state that can be reached.
    Holds,
    /// Not after these steps.
    Violated(Trace),
    /// There are more states than were allowed.
    Unfinished,
}

/// Explores a configuration, with a rule switched off or with none; `tell` is given the progress.
pub fn explore(config: &Config, off: Switches, max_states: usize, tell: &dyn Fn(usize, usize)) -> Report {
    let began = Instant::now();
    let mut seen = Seen::new();
    // Of each state where it came from, and by which of the steps that were possible there.
    let mut origins: Vec<(u32, u8)> = vec![(0, 0)];
    let mut queue: VecDeque<(State, u32, u32)> = VecDeque::new();
    let first = initial(config, off);
    seen.insert(fingerprint(&first));
    queue.push_back((first, 0, 0));
    let mut depth = 0;
    let report = |origins: &[(u32, u8)], depth: u32, verdict| Report {
        states: origins.len(),
        depth: depth as usize,
        took: began.elapsed(),
        verdict,
    };
    while let Some((state, number, steps_to)) = queue.pop_front() {
        depth = steps_to;
        for (at, step) in World::new(state.clone(), config, off).steps().into_iter().enumerate() {
            let mut world = World::new(state.clone(), config, off);
            world.take(step);
            if world.broken.is_some() {
                let path = path_to(&origins, number, at);
                return report(&origins, depth + 1, Verdict::Violated(Trace::of(config, off, &path)));
            }
            if !seen.insert(fingerprint(&world.state)) {
                continue;
            }
            queue.push_back((world.state, origins.len() as u32, steps_to + 1));
            origins.push((number, at as u8));
            if origins.len().is_multiple_of(TELL_EVERY) {
                tell(origins.len(), depth as usize);
            }
        }
        if origins.len() > max_states {
            return report(&origins, depth, Verdict::Unfinished);
        }
    }
    report(&origins, depth, Verdict::Holds)
}

/// Which of the possible steps were taken, one after the other.
fn path_to(origins: &[(u32, u8)], mut number: u32, last: usize) -> Vec<usize> {
    let mut path = vec![last];
    while number != 0 {
        let (before, step) = origins[number as usize];
        path.push(usize::from(step));
        number = before;
    }
    path.reverse();
    path
}

/// The steps of a path, each with the world that came of it.
pub(super) fn walk<'c>(
    config: &'c Config,
    off: Switches,
    path: &[usize],
    mut see: impl FnMut(&State, Step, &World<'c>),
) {
    let mut state = initial(config, off);
    for &at in path {
        let step = World::new(state.clone(), config, off).steps()[at];
        let mut world = World::new(state.clone(), config, off);
        world.take(step);
        see(&state, step, &world);
        state = world.state;
    }
}
