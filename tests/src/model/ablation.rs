//! The rules that can be switched off, one at a time, each to show what it is for: section 9 of `docs/protocol.md`.

/// A rule of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ablation {
    /// The stamp is taken before the load.
    StampBeforeLoad,
    /// An absent generation is invalid.
    AbsentIsInvalid,
    /// A new epoch begins where the meta is lost.
    NewEpoch,
    /// A new connection begins a new epoch if another incarnation wrote the meta.
    Adopt,
    /// The incarnation is compared on every use.
    Incarnation,
    /// An entry is checked when it is read.
    CheckAtRead,
    /// Memory answers within a lease only.
    Lease,
    /// The lease is counted from the request.
    LeaseFromRequest,
    /// An answer from before the known epoch is dropped.
    OldEpoch,
    /// An answer from before a lost bump is dropped.
    LostBump,
    /// Cells are made before the read.
    CellsBeforeRead,
    /// Cells are raised by maximum.
    CellsByMaximum,
    /// Own bumps under way hold the lease back.
    OwnUnderWay,
    /// The entry's head is read with a doubt.
    Head,
    /// A joiner compares marks.
    JoinerMarks,
    /// A joiner compares times.
    JoinerTimes,
    /// A gap raises the floor.
    Gap,
    /// An answer ahead of the messages waits.
    Awaited,
    /// A message of an unknown epoch ends the lease.
    UnknownEpoch,
    /// An announcement deletes the generations and is noted.
    Intent,
    /// A dirty load is kept nowhere.
    DirtyLoad,
    /// Settling withdraws one writer only.
    SettlesAll,
    /// An entry lists its dependencies.
    Lists,
    /// A removal deletes the fence.
    FenceOnRemoval,
    /// The meta is read first, the entry last.
    MetaFirst,
}

/// Which rule is switched off, if one is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Switches(pub Option<Ablation>);

impl Switches {
    pub(super) fn has(self, ablation: Ablation) -> bool {
        self.0 == Some(ablation)
    }
}
