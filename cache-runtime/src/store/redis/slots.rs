//! Which node of a cluster has which slot: how names are hashed, and how nodes tell.

use redis::{ErrorKind, RedisError, RedisResult, Value, from_redis_value};

/// Where a node listens.
pub(super) type Address = (String, u16);

/// How many slots a cluster has.
const SLOTS: u16 = 16_384;

/// The slot of a hash tag: CRC-16 (XMODEM), as the cluster specification has it.
pub(super) fn slot_of(tag: &str) -> u16 {
    let step = |crc: u16, byte: u8| {
        (0..8)
            .fold(crc ^ (u16::from(byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
    };
    tag.bytes().fold(0, step) % SLOTS
}

/// Who has which slots, as one node sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slots {
    ranges: Vec<(u16, u16, Address)>,
    /// All nodes, replicas included.
    pub(super) nodes: Vec<Address>,
}

impl Slots {
    /// The primary of a slot.
    pub(super) fn owner(&self, slot: u16) -> Option<&Address> {
        self.ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&slot)).map(|(.., owner)| owner)
    }

    /// Reads what `CLUSTER SLOTS` answers: ranges, each with its primary first and then its replicas.
    ///
    /// A node that does not know its own host says nothing in its place, or a question mark: it is where it was `asked`.
    pub(super) fn parse(answer: Value, asked: &str) -> RedisResult<Self> {
        let mut slots = Self::default();
        for range in from_redis_value::<Vec<Vec<Value>>>(answer)? {
            let mut parts = range.into_iter();
            let (Some(first), Some(last)) = (parts.next(), parts.next()) else { return Err(nonsense()) };
            let nodes = parts.map(|node| address(node, asked)).collect::<RedisResult<Vec<_>>>()?;
            let owner = nodes.first().ok_or_else(nonsense)?.clone();
            slots.ranges.push((from_redis_value(first)?, from_redis_value(last)?, owner));
            slots.nodes.extend(nodes);
        }
        slots.nodes.sort();
        slots.nodes.dedup();
        Ok(slots)
    }
}

/// Where `MOVED` points to: `host:port`, of which the host may be missing.
pub(super) fn redirection(target: &str, asked: &str) -> Option<Address> {
    let (host, port) = target.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((known_host(host, asked), port.parse().ok()?))
}

fn address(node: Value, asked: &str) -> RedisResult<Address> {
    let mut parts = from_redis_value::<Vec<Value>>(node)?.into_iter();
    let (Some(host), Some(port)) = (parts.next(), parts.next()) else { return Err(nonsense()) };
    let host: Option<String> = from_redis_value(host)?;
    Ok((known_host(host.as_deref().unwrap_or_default(), asked), from_redis_value(port)?))
}

fn known_host(host: &str, asked: &str) -> String {
    if host.is_empty() || host == "?" { asked.to_owned() } else { host.to_owned() }
}

fn nonsense() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "CLUSTER SLOTS answered what it does not answer").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot_of("123456789"), 0x31c3);
        assert_eq!(slot_of("foo"), 12_182);
        assert_eq!(slot_of(""), 0);
    }

    #[test]
    fn ranges_are_read_with_hosts_that_are_missing() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let node = |host: Value, port| Value::Array(vec![host, Value::Int(port), text("id"), Value::Array(vec![])]);
        let range =
            |first, last, nodes: Vec<Value>| Value::Array([vec![Value::Int(first), Value::Int(last)], nodes].concat());
        let answer = Value::Array(vec![
            range(0, 99, vec![node(text("a"), 1), node(text("b"), 2)]),
            range(100, 16_383, vec![node(Value::Nil, 3), node(text("?"), 4)]),
        ]);
        let slots = Slots::parse(answer, "here").expect("it is well-formed");
        assert_eq!(slots.owner(99), Some(&("a".to_owned(), 1)));
        assert_eq!(slots.owner(100), Some(&("here".to_owned(), 3)));
        assert_eq!(slots.nodes.len(), 4);
        assert!(Slots::parse(Value::Array(vec![Value::Array(vec![Value::Int(0)])]), "here").is_err());
    }

    #[test]
    fn redirections_are_read() {
        assert_eq!(redirection("10.0.0.1:7000", "here"), Some(("10.0.0.1".into(), 7_000)));
        assert_eq!(redirection("[::1]:7000", "here"), Some(("::1".into(), 7_000)));
        assert_eq!(redirection(":7000", "here"), Some(("here".into(), 7_000)));
        assert_eq!(redirection("nowhere", "here"), None);
    }
}
