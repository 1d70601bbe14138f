//! Names without meaning: states that differ in them only are one state. The explorer sees each under the same names.
//!
//! Epochs, fences and entries are told apart, nothing more, so they are numbered in the order in which the state has
//! them. Ordinals and departures are compared, so they are numbered in their own order. Moments that are over are one.

use super::known::{Departure, Known, Mark};
use super::state::{PARTITIONS, Phase, Stamp, State, Writing};

/// Goes to each name of a kind.
type Each = fn(&mut State, &mut dyn FnMut(&mut u8));

pub(super) fn fresh_epoch(state: &State) -> u8 {
    fresh(state, each_epoch)
}

pub(super) fn fresh_fence(state: &State) -> u8 {
    fresh(state, each_fence)
}

pub(super) fn fresh_identity(state: &State) -> u8 {
    fresh(state, each_identity)
}

/// The least number above 0 that nothing is called by. `state` is copied since the walk may rename.
fn fresh(state: &State, each: Each) -> u8 {
    let mut used = 1_u64;
    each(&mut state.clone(), &mut |name| used |= 1 << *name);
    used.trailing_ones() as u8
}

/// Gives everything the names it always has.
pub(super) fn canonical(state: &mut State, delta: u8) {
    for each in [each_epoch, each_fence, each_identity] {
        renumber(state, each);
    }
    for node in 0..state.nodes.len() {
        state.nodes[node].inbox.sort();
        for partition in 0..PARTITIONS {
            renumber_ordinals(state, node, partition);
            renumber_departures(state, node, partition);
        }
    }
    forget_times(state, delta);
}

fn renumber(state: &mut State, each: Each) {
    let (mut names, mut count) = ([0_u8; 64], 0);
    each(state, &mut |name| {
        if *name != 0 {
            let new = &mut names[usize::from(*name)];
            if *new == 0 {
                count += 1;
                *new = count;
            }
            *name = *new;
        }
    });
}

fn each_epoch(state: &mut State, act: &mut dyn FnMut(&mut u8)) {
    let stamps = |stamps: &mut [Stamp], act: &mut dyn FnMut(&mut u8)| {
        stamps.iter_mut().for_each(|stamp| act(&mut stamp.epoch));
    };
    for server in &mut state.servers {
        for held in [&mut server.held, &mut server.replica] {
            held.meta.iter_mut().for_each(|meta| act(&mut meta.now.epoch));
            held.generations.iter_mut().flatten().for_each(|at| act(&mut at.epoch));
            held.entry.iter_mut().for_each(|entry| stamps(&mut entry.stamps, act));
        }
    }
    for reader in &mut state.readers {
        match &mut reader.phase {
            Phase::Reading(reading) => {
                reading.metas.iter_mut().flatten().for_each(|at| act(&mut at.epoch));
                reading.generations.iter_mut().flatten().for_each(|at| act(&mut at.epoch));
                reading.entry.iter_mut().for_each(|entry| stamps(&mut entry.stamps, act));
                reading.about.iter_mut().for_each(|(_, of)| stamps(of, act));
            }
            Phase::Beginning(beginning) => beginning.stamps.iter_mut().flatten().for_each(|at| act(&mut at.epoch)),
            Phase::Loading(Some(begun)) | Phase::Committing(begun, _) => stamps(&mut begun.stamps, act),
            _ => {}
        }
    }
    for writer in &mut state.writers {
        writer.token.iter_mut().flatten().for_each(|at| act(&mut at.epoch));
        match &mut writer.phase {
            Writing::Announcing(sent) => sent.answers.iter_mut().flatten().for_each(|at| act(&mut at.epoch)),
            Writing::Stamping(beginning) => beginning.stamps.iter_mut().flatten().for_each(|at| act(&mut at.epoch)),
            Writing::Stamped(begun) => stamps(&mut begun.stamps, act),
            Writing::Invalidating(sent, begun) => {
                sent.answers.iter_mut().flatten().for_each(|at| act(&mut at.epoch));
                stamps(&mut begun.stamps, act);
            }
            _ => {}
        }
    }
    for node in &mut state.nodes {
        node.known.iter_mut().for_each(|known| act(&mut known.epoch));
        node.inbox.epochs().for_each(&mut *act);
        node.beats
            .iter_mut()
            .flatten()
            .filter_map(|beat| beat.answer.as_mut()?.as_mut())
            .for_each(|at| act(&mut at.epoch));
    }
}

fn each_fence(state: &mut State, act: &mut dyn FnMut(&mut u8)) {
    for server in &mut state.servers {
        server.held.fence.iter_mut().chain(&mut server.replica.fence).for_each(&mut *act);
    }
    for reader in &mut state.readers {
        match &mut reader.phase {
            Phase::Beginning(beginning) => act(&mut beginning.fence),
            Phase::Loading(Some(begun)) | Phase::Committing(begun, _) => act(&mut begun.fence),
            _ => {}
        }
    }
}

fn each_identity(state: &mut State, act: &mut dyn FnMut(&mut u8)) {
    use super::state::Kept;
    for server in &mut state.servers {
        let entries = server.held.entry.iter_mut().chain(&mut server.replica.entry);
        entries.for_each(|entry| act(&mut entry.identity));
    }
    for node in &mut state.nodes {
        node.slot.iter_mut().filter_map(|slot| slot.identity.as_mut()).for_each(&mut *act);
    }
    for reader in &mut state.readers {
        match &mut reader.phase {
            Phase::Reading(reading) => {
                reading.entry.iter_mut().for_each(|entry| act(&mut entry.identity));
                reading.about.iter_mut().filter_map(|(slot, _)| slot.identity.as_mut()).for_each(&mut *act);
            }
            Phase::Committed { kept: Some(Kept::Entry(identity)), .. } => act(identity),
            _ => {}
        }
    }
}

fn renumber_ordinals(state: &mut State, node: usize, partition: usize) {
    let mut used = 1_u64;
    each_mark(state, node, partition, &mut |mark| used |= 1 << mark.ordinal);
    used |= 1 << state.nodes[node].known[partition].ordinal;
    let rank = |ordinal: u8| (used & ((1 << ordinal) - 1)).count_ones() as u8;
    each_mark(state, node, partition, &mut |mark| mark.ordinal = rank(mark.ordinal));
    let known = &mut state.nodes[node].known[partition];
    known.ordinal = rank(known.ordinal);
}

fn each_mark(state: &mut State, node: usize, partition: usize, act: &mut dyn FnMut(&mut Mark)) {
    let here = &mut state.nodes[node];
    act(&mut here.known[partition].floor);
    if let Some(slot) = &mut here.slot {
        act(&mut slot.marks[partition]);
    }
    for name in 0..here.cells.len() {
        if state.places.names[name] == partition {
            act(&mut state.nodes[node].cells[name]);
        }
    }
    for at in (0..state.readers.len()).filter(|at| state.places.readers[*at] == node) {
        let reader = &mut state.readers[at];
        act(&mut reader.known[partition]);
        reader.begun.iter_mut().for_each(|marks| act(&mut marks[partition]));
        if let Phase::Reading(reading) = &mut reader.phase {
            reading.about.iter_mut().for_each(|(slot, _)| act(&mut slot.marks[partition]));
        }
    }
}

/// Of a departure it matters only before which of three moments it was.
fn renumber_departures(state: &mut State, node: usize, partition: usize) {
    let Known { departures, taken_over_at, forgotten_at, doubted_at, .. } = state.nodes[node].known[partition];
    let mut moments = [taken_over_at, forgotten_at, doubted_at];
    moments.sort_unstable();
    let rank = |number: u8| {
        let distinct = (0..3).filter(|at| *at == 0 || moments[*at] != moments[*at - 1]);
        distinct.filter(|at| moments[*at] < number).count() as u8
    };
    let known = &mut state.nodes[node].known[partition];
    known.departures = rank(departures);
    for moment in [&mut known.taken_over_at, &mut known.forgotten_at, &mut known.doubted_at] {
        *moment = rank(*moment);
    }
    each_departure(state, node, partition, &mut |sent| sent.number = rank(sent.number));
}

fn each_departure(state: &mut State, node: usize, partition: usize, act: &mut dyn FnMut(&mut Departure)) {
    let here = &mut state.nodes[node];
    here.known[partition].awaited.iter_mut().for_each(|(_, sent)| act(sent));
    here.beats[partition].iter_mut().for_each(|beat| act(&mut beat.sent));
    for at in (0..state.readers.len()).filter(|at| state.places.readers[*at] == node) {
        match &mut state.readers[at].phase {
            Phase::Reading(reading) => act(&mut reading.sent[partition]),
            Phase::Beginning(beginning) => act(&mut beginning.sent[partition]),
            _ => {}
        }
    }
    for at in (0..state.writers.len()).filter(|at| state.places.writers[*at] == node) {
        match &mut state.writers[at].phase {
            Writing::Announcing(sent) | Writing::Invalidating(sent, _) => act(&mut sent.sent[partition]),
            Writing::Stamping(beginning) => act(&mut beginning.sent[partition]),
            _ => {}
        }
    }
}

/// A lease that is over is over, and an acknowledgement whose bound has passed is due everywhere.
fn forget_times(state: &mut State, delta: u8) {
    let now = state.now;
    for known in state.nodes.iter_mut().flat_map(|node| &mut node.known) {
        if known.lease_until <= now {
            known.lease_until = 0;
        }
    }
    for writer in &mut state.writers {
        if writer.committed + delta <= now {
            writer.committed = 0;
        }
        if let Writing::Acknowledged { at } = &mut writer.phase
            && *at + delta <= now
        {
            *at = 0;
        }
    }
}
