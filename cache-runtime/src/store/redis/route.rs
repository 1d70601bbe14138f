//! Which server an operation goes to, and what happens if it is the wrong one.

use super::address::Address;
use super::cluster::Cluster;
use super::connect::Link;
use super::faults::{Remedy, no_answer, remedy, told};
use super::names::{FirstNames, Names};
use super::node::{CONNECT_DEADLINE, Node};
use super::place::Place;
use super::reach::Reach;
use super::sentinel::Sentinels;
use super::server::Server;
use super::slots::redirection;
use super::subscription::Subscription;
use super::tracking::Tracking;
use crate::error::StoreError;
use crate::stamp::Partition;
use redis::{ErrorKind, RedisError, RedisResult};
use std::collections::HashSet;
use std::future::Future;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many partitions a namespace has on a cluster: enough to be spread over its nodes, few enough to be asked about
/// in one go. They are fixed for ever by the first use of a namespace.
const CLUSTER_PARTITIONS: u16 = 256;
/// How often one operation may be sent elsewhere.
const MAX_TURNS: u32 = 6;
/// How long to wait for a slot that is being moved: first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// The way from a partition to a server.
pub(crate) struct Route {
    target: Target,
    address: String,
    password: Option<String>,
    first_names: FirstNames,
    /// Namespaces whose number of partitions was checked.
    counted: Mutex<HashSet<String>>,
}

enum Target {
    One(Box<Server>),
    Cluster(Box<Cluster>),
}

/// Over which connection of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Shared,
    /// One on which to wait for replicas.
    Waiting,
}

impl Lane {
    fn of(self, server: &Server) -> &Node {
        match self {
            Self::Shared => server.shared(),
            Self::Waiting => server.waiting(),
        }
    }
}

impl Route {
    pub(super) fn new(address: Address) -> Self {
        let password = |reach: &Reach| reach.info.redis_settings().password().map(str::to_owned);
        let (password, shown) = (password(address.settings()), address.to_string());
        let target = match address {
            Address::One(reach) => Target::One(Box::new(Server::new(|| Place::At(reach.clone())))),
            Address::Cluster { settings, seeds } => Target::Cluster(Box::new(Cluster::new(settings, seeds))),
            Address::Sentinel { sentinels, primary, settings } => {
                let known = Arc::new(Sentinels { sentinels, primary, settings, first: AtomicUsize::new(0) });
                Target::One(Box::new(Server::new(|| Place::Named(known.clone()))))
            }
        };
        Self { target, address: shown, password, first_names: FirstNames::default(), counted: Mutex::default() }
    }

    /// How many partitions there are.
    pub(crate) fn partitions(&self) -> u16 {
        match self.target {
            Target::One(_) => 1,
            Target::Cluster(_) => CLUSTER_PARTITIONS,
        }
    }

    /// The names of a partition: where there is one, they are made once.
    pub(super) fn names(&self, namespace: &str, partition: Partition) -> Arc<Names> {
        match self.target {
            Target::One(_) => self.first_names.of(namespace),
            Target::Cluster(_) => Arc::new(Names::new(namespace, partition)),
        }
    }

    /// The node of a cluster that has a partition, by the map there is.
    pub(super) fn server_of(&self, partition: Partition) -> Option<Arc<str>> {
        match &self.target {
            Target::One(_) => None,
            Target::Cluster(cluster) => cluster.owner(partition).map(|(host, port)| format!("{host}:{port}").into()),
        }
    }

    /// The address, without user and password.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The error as the caller is told of it.
    pub(crate) fn error(&self, error: &RedisError) -> StoreError {
        told(error, &self.address, self.password.as_deref())
    }

    /// Makes a connection, to say early that there is none to be had.
    pub(super) async fn connect(&self) -> RedisResult<()> {
        let connected = async {
            match &self.target {
                Target::One(server) => server.shared().link().await.map(drop),
                Target::Cluster(cluster) => cluster.server(Partition(0)).await?.1.shared().link().await.map(drop),
            }
        };
        tokio::time::timeout(CONNECT_DEADLINE, connected).await.unwrap_or_else(|_| Err(no_answer(CONNECT_DEADLINE)))
    }

    /// A connection of a listener's own, which has subscribed to channels. Every node of a cluster passes on what is published
    /// on any.
    pub(crate) async fn subscribe(&self, channels: &[&String]) -> RedisResult<Subscription> {
        let cluster = match &self.target {
            Target::One(server) => return server.shared().subscribe(channels).await,
            Target::Cluster(cluster) => cluster,
        };
        cluster.server(Partition(0)).await?;
        let mut said = None;
        for (_, server) in cluster.candidates() {
            match tokio::time::timeout(CONNECT_DEADLINE / 4, server.shared().subscribe(channels)).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => said = Some(error),
                Err(_) => said = Some(no_answer(CONNECT_DEADLINE / 4)),
            }
        }
        cluster.doubt();
        Err(said.unwrap_or_else(|| no_answer(CONNECT_DEADLINE)))
    }

    /// The same, of one that hears of every change of a name with one of these prefixes.
    pub(crate) async fn tracking(&self, channels: &[&String], prefixes: &[&String]) -> RedisResult<Tracking> {
        match &self.target {
            Target::One(server) => server.shared().tracking(channels, prefixes).await,
            Target::Cluster(_) => {
                Err((ErrorKind::InvalidClientConfig, "each server of a cluster tracks its own").into())
            }
        }
    }

    /// Asks the server that has the partition, on a connection that has adopted it.
    pub(super) async fn ask<T, F>(&self, names: &Names, lane: Lane, ask: &impl Fn(Arc<Link>) -> F) -> RedisResult<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        match &self.target {
            Target::One(server) => ask_one(lane.of(server), names, ask).await,
            Target::Cluster(cluster) => {
                let mut asked = Asked { cluster, is_answered: false };
                // Boxed, so that what is asked of one server does not carry its size about.
                let answer = Box::pin(ask_cluster(cluster, names, lane, ask)).await;
                asked.is_answered = true;
                answer
            }
        }
    }

    /// Makes sure, once, that others deal the namespace out to as many partitions, where there are several. The first one
    /// knows.
    pub(super) async fn check_count(&self, namespace: &str) -> RedisResult<()> {
        let counted = || self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted().contains(namespace) {
            return Ok(());
        }
        self.ask(&Names::new(namespace, Partition(0)), Lane::Shared, &|_| async { Ok(()) }).await?;
        counted().insert(namespace.to_owned());
        Ok(())
    }
}

/// A foreign history means that the connection knows the server by a former life of it, and `READONLY` that it is no
/// primary any more: nothing was done then, and a new connection is asked.
async fn ask_one<T, F>(node: &Node, names: &Names, ask: &impl Fn(Arc<Link>) -> F) -> RedisResult<T>
where
    F: Future<Output = RedisResult<T>>,
{
    for is_last in [false, true] {
        match node.ask(&node.link().await?, names, 1, ask).await {
            Err(error) if !is_last && remedy(&error) == Remedy::Again => {}
            answer => return answer,
        }
    }
    unreachable!("the last answer is returned whatever it is")
}

/// An operation under way. One that its deadline ends, be it while connecting, leaves a doubt: a node that is frozen never
/// says that it has been replaced.
struct Asked<'a> {
    cluster: &'a Cluster,
    is_answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.cluster.doubt();
        }
    }
}

async fn ask_cluster<T, F>(
    cluster: &Cluster,
    names: &Names,
    lane: Lane,
    ask: &impl Fn(Arc<Link>) -> F,
) -> RedisResult<T>
where
    F: Future<Output = RedisResult<T>>,
{
    let (mut turns, mut pause) = (0, PAUSES.0);
    loop {
        turns += 1;
        let ((host, port), server) = cluster.server(names.partition).await?;
        let node = lane.of(&server);
        let link = match node.link().await {
            Ok(link) => link,
            Err(error) => {
                cluster.doubt();
                let elsewhere = cluster.server(names.partition).await?.0 != (host, port);
                if elsewhere && turns < MAX_TURNS {
                    continue;
                }
                return Err(error);
            }
        };
        let error = match node.ask(&link, names, CLUSTER_PARTITIONS, ask).await {
            Err(error) => error,
            answer => return answer,
        };
        let remedy = remedy(&error);
        match (remedy, error.redirect_node()) {
            (Remedy::Follow, Some((target, slot))) => {
                if let Some(address) = redirection(target, &host) {
                    cluster.follow(slot, address);
                }
            }
            (Remedy::Tell, _) => {}
            _ => cluster.doubt(),
        }
        match remedy {
            Remedy::Tell | Remedy::Survey => return Err(error),
            // Until the operation's deadline.
            Remedy::Wait => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
            Remedy::Again | Remedy::Follow if turns < MAX_TURNS => {}
            Remedy::Again | Remedy::Follow => return Err(error),
        }
    }
}
