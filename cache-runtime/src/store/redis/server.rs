//! One server as a store uses it: a connection that operations share, and others for those that wait for replicas.

use super::node::Node;
use super::place::Place;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many invalidations of one server can wait for its replicas at once.
const WAITING: usize = 4;

pub(super) struct Server {
    shared: Node,
    /// `WAIT` holds its connection up: whatever is behind it waits as well.
    waiting: [Node; WAITING],
    turn: AtomicUsize,
}

impl Server {
    pub(super) fn new(place: impl Fn() -> Place) -> Self {
        let node = || Node::new(place());
        Self { shared: node(), waiting: [node(), node(), node(), node()], turn: AtomicUsize::new(0) }
    }

    pub(super) fn shared(&self) -> &Node {
        &self.shared
    }

    /// For an operation that waits for replicas; connected on first use.
    pub(super) fn waiting(&self) -> &Node {
        &self.waiting[self.turn.fetch_add(1, Ordering::Relaxed) % WAITING]
    }
}
