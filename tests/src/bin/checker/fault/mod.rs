//! What goes wrong while nodes read and write.

pub(crate) mod clock;
mod cluster;
mod stage;
mod strike;

pub(crate) use stage::{Servers, Span, Stage, Struck};

/// One way in which it goes wrong, again and again during a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Kill,
    Pause,
    RestartEmpty,
    RestartSnapshot,
    Evict,
    Flush,
    Refuse,
    Clients,
    Pubsub,
    Partition,
    Silence,
    PausedProcess,
    PausedLoading,
    Clock,
    Failover,
    Move,
    Mixed,
}

impl Fault {
    pub(crate) const ALL: [Self; 18] = [
        Self::None,
        Self::Kill,
        Self::Pause,
        Self::RestartEmpty,
        Self::RestartSnapshot,
        Self::Evict,
        Self::Flush,
        Self::Refuse,
        Self::Clients,
        Self::Pubsub,
        Self::Partition,
        Self::Silence,
        Self::PausedProcess,
        Self::PausedLoading,
        Self::Clock,
        Self::Failover,
        Self::Move,
        Self::Mixed,
    ];

    /// All that can be done on this machine.
    pub(crate) fn all() -> Vec<Self> {
        let can_be_done = |fault: &Self| *fault != Self::Clock || clock::library().is_some();
        Self::ALL.into_iter().filter(can_be_done).collect()
    }

    pub(crate) fn name(self) -> &'static str {
        self.told().0
    }

    pub(crate) fn words(self) -> &'static str {
        self.told().1
    }

    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::None => ("none", "nothing but slow loads and callers who give up, which every row has"),
            Self::Kill => ("kill", "kill -9 of Redis, which stays away for a while and comes back empty"),
            Self::Pause => ("pause", "SIGSTOP of Redis; it goes on with all that it had been sent"),
            Self::RestartEmpty => ("restart-empty", "kill -9 of Redis, which is back at once, empty"),
            Self::RestartSnapshot => {
                ("restart-snapshot", "SAVE, go on for a while, kill -9, restart with what was saved")
            }
            Self::Evict => ("evict", "maxmemory with allkeys-random, and a stream of other keys"),
            Self::Flush => ("flush", "FLUSHALL"),
            Self::Refuse => ("refuse", "a Redis that refuses writes: out of memory, or without a replica"),
            Self::Clients => ("clients", "CLIENT KILL of every connection that asks"),
            Self::Pubsub => ("pubsub", "CLIENT KILL of every connection that listens"),
            Self::Partition => ("partition", "the same in a loop: nobody listens for long"),
            Self::Silence => ("silence", "what one node and Redis send each other arrives late, past the bound"),
            Self::PausedProcess => ("paused-process", "SIGSTOP of a node, at times for longer than the bound"),
            Self::PausedLoading => ("paused-loading", "the same while every other load is slow"),
            Self::Clock => ("clock", "wall clocks of nodes jump by an hour, to and fro (needs libfaketime)"),
            Self::Failover => ("failover", "a replica that lacks the last writes becomes the primary"),
            Self::Move => ("move", "a slot moves to another node, key by key (with --cluster only)"),
            Self::Mixed => ("mixed", "any of these but clock and failover, drawn anew each time"),
        }
    }

    /// Whether it can be done to one server, or to a cluster.
    pub(crate) fn is_of(self, cluster: bool) -> bool {
        match self {
            Self::None | Self::Kill | Self::Pause | Self::Flush | Self::Refuse | Self::Clients | Self::Pubsub => true,
            Self::Partition | Self::PausedProcess | Self::PausedLoading | Self::Clock | Self::Failover => true,
            Self::Move => cluster,
            Self::Mixed => true,
            Self::RestartEmpty | Self::RestartSnapshot | Self::Evict | Self::Silence => !cluster,
        }
    }

    /// Whether it does something to what nodes share, and nothing to those that share nothing.
    pub(crate) fn needs_sharing(self) -> bool {
        !matches!(self, Self::None | Self::PausedProcess | Self::PausedLoading | Self::Clock)
    }

    /// Whether it is done to the wire between nodes and Redis.
    pub(crate) fn needs_wires(self) -> bool {
        matches!(self, Self::Silence | Self::Failover | Self::Mixed)
    }

    /// How many loads in a hundred are slow.
    pub(crate) fn slow_percent(self) -> u64 {
        if self == Self::PausedLoading { 50 } else { 10 }
    }
}
