//! Writers: they write the row, then invalidate, and then it is acknowledged. `cache/remove.rs` and `cache/announce.rs`.

use super::config::Kind;
use super::known::Departure;
use super::load::begun_of;
use super::state::{Beginning, Begun, KEY, PARTITIONS, Sent, Writing};
use super::store::bits;
use super::world::World;

impl World<'_> {
    /// The next thing a writer does by itself.
    pub(super) fn go_on(&mut self, at: usize) {
        let is = self.config.writers[at];
        let begun = match self.state.writers[at].phase {
            Writing::Idle if is.is_guarded() => {
                let sent = self.depart_bump(at);
                self.state.writers[at].phase = Writing::Announcing(Sent { sent, ..Sent::default() });
                return;
            }
            Writing::Idle | Writing::Announced => return self.write(at),
            Writing::Written if matches!(is.kind, Kind::Set(_)) => {
                let sent =
                    if self.is_read_on(is.node) { self.depart(is.node, self.names_of(at)) } else { Default::default() };
                self.state.writers[at].phase = Writing::Stamping(Beginning { sent, ..Beginning::default() });
                return;
            }
            Writing::Stamped(begun) => begun,
            _ => Begun::default(),
        };
        let sent = self.depart_bump(at);
        self.state.writers[at].phase = Writing::Invalidating(Sent { sent, ..Sent::default() }, begun);
    }

    /// The database takes the next version.
    fn write(&mut self, at: usize) {
        self.state.row += 1;
        let writer = &mut self.state.writers[at];
        (writer.version, writer.committed, writer.phase) = (self.state.row, self.state.now, Writing::Written);
    }

    fn depart_bump(&mut self, at: usize) -> [Departure; PARTITIONS] {
        let (node, now) = (self.config.writers[at].node, self.state.now);
        let mut sent = [Departure::default(); PARTITIONS];
        let is_read_on = self.is_read_on(node);
        for partition in self.steps_of(at).filter(|_| is_read_on) {
            sent[partition] = self.state.nodes[node].known[partition].depart_bump(now);
        }
        sent
    }

    /// The dependencies that a writer names.
    pub(super) fn names_of(&self, at: usize) -> u8 {
        match self.config.writers[at].kind {
            Kind::Emit(names) | Kind::Guarded(names) | Kind::Set(names) => names,
            Kind::Remove => 0,
        }
    }

    /// The names whose cells its invalidation raises.
    fn raised_by(&self, at: usize) -> u8 {
        match self.config.writers[at].kind {
            Kind::Emit(names) | Kind::Guarded(names) => names,
            Kind::Set(_) | Kind::Remove => 1 << KEY,
        }
    }

    /// The partitions in which its invalidation takes a step.
    pub(super) fn steps_of(&self, at: usize) -> impl Iterator<Item = usize> + use<> {
        let partitions: u8 = bits(self.raised_by(at)).fold(0, |all, name| all | 1 << self.config.partition_of(name));
        bits(partitions)
    }

    /// The store performs what was sent in one partition.
    pub(super) fn perform(&mut self, at: usize, partition: usize) {
        let (is, names) = (self.config.writers[at], self.names_of(at));
        match self.state.writers[at].phase {
            Writing::Announcing(mut sent) => {
                sent.answers[partition] = Some(self.announce(is.node, partition, names, at));
                self.state.writers[at].phase = Writing::Announcing(sent);
            }
            Writing::Stamping(mut beginning) => {
                self.begin_in(is.node, partition, names, &mut beginning);
                self.state.writers[at].phase = Writing::Stamping(beginning);
            }
            Writing::Invalidating(mut sent, begun) => {
                let stamp = match is.kind {
                    Kind::Emit(_) => self.bump(is.node, partition, names),
                    Kind::Guarded(_) => self.settle(is.node, partition, names, at),
                    Kind::Set(_) => self.put(is.node, begun, self.state.writers[at].version, names),
                    Kind::Remove => self.remove(is.node),
                };
                sent.answers[partition] = Some(stamp);
                self.state.writers[at].phase = Writing::Invalidating(sent, begun);
            }
            _ => {}
        }
    }

    /// All answers have come.
    pub(super) fn answer_write(&mut self, at: usize) {
        match self.state.writers[at].phase {
            Writing::Announcing(sent) => {
                self.done(at, &sent);
                self.state.writers[at].phase = Writing::Announced;
            }
            Writing::Stamping(beginning) => {
                let (node, names) = (self.config.writers[at].node, self.names_of(at));
                if self.is_read_on(node) {
                    self.observe(node, names, &beginning.sent, &beginning.stamps);
                }
                self.state.writers[at].phase = Writing::Stamped(begun_of(&beginning));
            }
            Writing::Invalidating(sent, _) => {
                self.done(at, &sent);
                if self.config.writers[at].kind == Kind::Remove {
                    self.state.nodes[self.config.writers[at].node].slot = None;
                }
                let writer = &mut self.state.writers[at];
                (writer.token, writer.phase) = (sent.answers, Writing::Acknowledged { at: self.state.now });
            }
            _ => {}
        }
    }

    /// Raises the cells of what was bumped, then learns the steps, which may renew the leases.
    fn done(&mut self, at: usize, sent: &Sent) {
        let (node, names, when) = (self.config.writers[at].node, self.raised_by(at), self.when());
        let is_read_on = self.is_read_on(node);
        for partition in self.steps_of(at).filter(|_| is_read_on) {
            let (departure, stamp) = (sent.sent[partition], sent.answers[partition].unwrap_or_default());
            match self.state.nodes[node].known[partition].mark(stamp, departure, when) {
                None => self.state.nodes[node].known[partition].bump_lost(),
                Some(mark) => {
                    self.raise(node, partition, names, mark);
                    self.state.nodes[node].known[partition].bumped(stamp, departure, when);
                }
            }
        }
    }

    /// The writer dies, or gives up, wherever it is.
    pub(super) fn die(&mut self, at: usize) {
        if matches!(self.state.writers[at].phase, Writing::Announcing(_) | Writing::Invalidating(..)) {
            let node = self.config.writers[at].node;
            let is_read_on = self.is_read_on(node);
            for partition in self.steps_of(at).filter(|_| is_read_on) {
                self.state.nodes[node].known[partition].bump_lost();
            }
        }
        self.state.writers[at].phase = Writing::Dead;
    }
}
