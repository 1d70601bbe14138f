//! The nodes of a cluster, and which of them has a partition.
//!
//! Routing is our own and not the redis crate's: a script has to name the incarnation of the very server that it runs on,
//! and that crate does not say over which connection it will send a command.

use super::connect::field;
use super::names::tag;
use super::node::{BACK_OFF_MS, CONNECT_DEADLINE};
use super::place::Place;
use super::reach::Reach;
use super::server::Server;
use super::slots::{Address, Slots, slot_of};
use crate::clock::Clock;
use crate::stamp::Partition;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::{ErrorKind, RedisError, RedisResult, Value, cmd};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many nodes are asked at once who has what.
const ASKED_AT_ONCE: usize = 5;
/// How long others are waited for when one has answered that the cluster is not well.
const PATIENCE: Duration = Duration::from_millis(20);

pub(super) struct Cluster {
    /// How nodes let us in.
    settings: Reach,
    seeds: Vec<Address>,
    clock: Clock,
    map: Mutex<Map>,
    /// Held while the map is drawn.
    survey: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Map {
    slots: Slots,
    /// Servers that moved since the slots were asked for, by their slot.
    moved: HashMap<u16, Address>,
    servers: HashMap<Address, Arc<Server>>,
    is_doubted: bool,
    drawn_ms: Option<u64>,
    failed: Option<RedisError>,
    turn: usize,
}

impl Map {
    fn owner(&self, slot: u16) -> Option<Address> {
        self.moved.get(&slot).or_else(|| self.slots.owner(slot)).cloned()
    }
}

impl Cluster {
    pub(super) fn new(settings: Reach, seeds: Vec<Address>) -> Self {
        let (map, survey) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { settings, seeds, clock: Clock::system(), map, survey }
    }

    /// The server that has a partition, as far as is known; the map is drawn before if there is none or it is in doubt.
    pub(super) async fn server(&self, partition: Partition) -> RedisResult<(Address, Arc<Server>)> {
        self.survey_if_due().await;
        let slot = slot_of(&tag(partition));
        let mut map = self.map();
        match (map.owner(slot), &map.failed) {
            (Some(owner), _) => Ok((owner.clone(), self.server_at(&mut map, owner))),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err((ErrorKind::ClusterConnectionNotFound, "no node of the cluster has the slot").into()),
        }
    }

    /// Where a partition is, by the map there is.
    pub(super) fn owner(&self, partition: Partition) -> Option<Address> {
        self.map().owner(slot_of(&tag(partition)))
    }

    /// Notes where a slot has moved to.
    pub(super) fn follow(&self, slot: u16, address: Address) {
        let mut map = self.map();
        map.moved.insert(slot, address);
        map.is_doubted = true;
    }

    /// Notes that the map may be wrong.
    pub(super) fn doubt(&self) {
        self.map().is_doubted = true;
    }

    /// The nodes to try, another one first each time.
    pub(super) fn candidates(&self) -> Vec<(Address, Arc<Server>)> {
        let mut map = self.map();
        map.turn = map.turn.wrapping_add(1);
        let mut known = map.slots.nodes.clone();
        if !known.is_empty() {
            let turn = map.turn % known.len();
            known.rotate_left(turn);
        }
        known.extend(self.seeds.iter().filter(|seed| !map.slots.nodes.contains(seed)).cloned());
        known.into_iter().map(|address| (address.clone(), self.server_at(&mut map, address))).collect()
    }

    fn server_at(&self, map: &mut Map, address: Address) -> Arc<Server> {
        let place = || Place::At(self.settings.of(address.0.clone(), address.1));
        map.servers.entry(address.clone()).or_insert_with(|| Arc::new(Server::new(place))).clone()
    }

    /// Draws the map if there is none or it is in doubt; it stays as it is if nobody answers.
    ///
    /// Who has a map does not wait for somebody else to draw a better one: most of it is right.
    async fn survey_if_due(&self) {
        let (has_map, is_due) = self.state_of_map();
        if !is_due {
            return;
        }
        let drawing = if has_map { self.survey.try_lock().ok() } else { Some(self.survey.lock().await) };
        if drawing.is_none() || !self.state_of_map().1 {
            return;
        }
        if has_map {
            // Should this caller give up, the next ones go on with what there is for a while.
            self.map().drawn_ms = Some(self.clock.now_ms());
        }
        let drawn = survey(self.candidates()).await;
        let mut map = self.map();
        map.drawn_ms = Some(self.clock.now_ms());
        match drawn {
            Ok(slots) => {
                map.servers.retain(|address, _| slots.nodes.contains(address) || self.seeds.contains(address));
                map.slots = slots;
                map.moved.clear();
                map.is_doubted = false;
                map.failed = None;
            }
            Err(error) => map.failed = Some(error),
        }
    }

    /// Whether there is a map, and whether one is to be drawn now.
    fn state_of_map(&self) -> (bool, bool) {
        let map = self.map();
        let is_recent = map.drawn_ms.is_some_and(|drawn_ms| self.clock.now_ms() < drawn_ms + BACK_OFF_MS);
        let has_map = !map.slots.nodes.is_empty();
        (has_map, !is_recent && (map.is_doubted || !has_map))
    }

    fn map(&self) -> MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the first node says that believes the cluster to be well; else what any of them says.
async fn survey(candidates: Vec<(Address, Arc<Server>)>) -> RedisResult<Slots> {
    let mut rest = candidates.into_iter();
    let mut asked: FuturesUnordered<_> = rest.by_ref().take(ASKED_AT_ONCE).map(view).collect();
    let (mut doubtful, mut said) = (None, None);
    loop {
        // A node that is frozen must not hold up what others have answered.
        let patience = if doubtful.is_some() { PATIENCE } else { CONNECT_DEADLINE };
        match tokio::time::timeout(patience, asked.next()).await {
            Ok(Some(Ok((slots, true)))) => return Ok(slots),
            Ok(Some(Ok((slots, false)))) => doubtful = Some(slots),
            Ok(Some(Err(error))) => said = Some(error),
            Ok(None) | Err(_) => break,
        }
        asked.extend(rest.next().map(view));
    }
    let none = || RedisError::from((ErrorKind::ClusterConnectionNotFound, "no node of the cluster answers"));
    doubtful.ok_or_else(|| said.unwrap_or_else(none))
}

/// How one node sees the cluster, and whether it believes it to be well: one that was cut off still knows the old map.
async fn view((address, server): (Address, Arc<Server>)) -> RedisResult<(Slots, bool)> {
    let link = server.shared().link().await?;
    let (mut one, mut other) = (link.connection(), link.connection());
    let (mut slots, mut info) = (cmd("CLUSTER"), cmd("CLUSTER"));
    let (slots, info) = (slots.arg("SLOTS").query_async::<Value>(&mut one), info.arg("INFO").query_async(&mut other));
    let (slots, info): (Value, String) = futures_util::future::try_join(slots, info).await?;
    let slots = Slots::parse(slots, &address.0)?;
    let is_well = field(&info, "cluster_state") == Some("ok") && !slots.nodes.is_empty();
    Ok((slots, is_well))
}
