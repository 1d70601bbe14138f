//! What a message says, and how it is written.

use super::Heard;
use crate::stamp::{Partition, Stamp};

/// One step of a partition's sequence, and what it invalidated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub partition: Partition,
    /// The stamp after the step.
    pub stamp: Stamp,
    /// The texts of the dependencies and keys; none if they are not listed, which makes all older entries doubtful.
    pub names: Option<Vec<String>>,
}

/// What every message of a step of this version begins with.
const HEAD: &str = "CRM1 ";

/// The same of a lease that was given back. Versions that know no leases take it for nonsense, and lose nothing by it.
const FREED_HEAD: &str = "CRL1 ";

/// In the place of names that are not listed.
pub const UNLISTED: &str = "*";

/// More bytes of names than this are not listed.
const MAX_NAMES_BYTES: usize = 64 << 10;

/// The names as a message lists them: the length of each, a colon, and the name; `*` if they are not listed.
///
/// A script puts `CRM1 `, the stamp and a space before it.
pub fn names_blob<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut blob = String::with_capacity(128);
    for name in names {
        blob.push_str(itoa::Buffer::new().format(name.len()));
        blob.push(':');
        blob.push_str(name);
        if blob.len() > MAX_NAMES_BYTES {
            return UNLISTED.to_owned();
        }
    }
    blob
}

/// The message that the lease of a key was given back, as it is published.
pub fn freed(key: &str) -> String {
    format!("{FREED_HEAD}{key}")
}

impl Heard {
    /// Reads what was published in a partition's channel.
    pub fn read(partition: Partition, bytes: &[u8]) -> Self {
        let freed = bytes.strip_prefix(FREED_HEAD.as_bytes()).and_then(|key| std::str::from_utf8(key).ok());
        match freed {
            Some(key) => Self::Freed { key: key.to_owned() },
            None => Message::read(partition, bytes).map_or(Self::Nonsense, Self::Step),
        }
    }
}

impl Message {
    /// The message as it is published.
    pub fn publish(&self) -> String {
        let blob =
            self.names.as_ref().map_or(UNLISTED.to_owned(), |names| names_blob(names.iter().map(String::as_str)));
        format!("{HEAD}{} {blob}", self.stamp)
    }

    /// Reads what was published in a partition's channel; none if it is no message of this version.
    pub fn read(partition: Partition, bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.strip_prefix(HEAD)?;
        let (stamp, blob) = text.split_once(' ')?;
        let names = if blob == UNLISTED { None } else { Some(names_of(blob)?) };
        Some(Self { partition, stamp: Stamp::parse(stamp)?, names })
    }
}

fn names_of(mut blob: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while !blob.is_empty() {
        let (len_bytes, rest) = blob.split_once(':')?;
        let (name, rest) = rest.split_at_checked(len_bytes.parse().ok()?)?;
        names.push(name.to_owned());
        blob = rest;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(names: Option<Vec<String>>) -> Message {
        Message { partition: Partition(3), stamp: Stamp { epoch: 255, seq: 7 }, names }
    }

    #[test]
    fn what_was_published_is_read_back() {
        let odd = ["", "a", "tag:é", "1:2", "\0\n", "*", " "].map(str::to_owned).to_vec();
        for names in [None, Some(vec![]), Some(odd)] {
            let message = message(names);
            assert_eq!(Message::read(Partition(3), message.publish().as_bytes()), Some(message));
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let whole = message(Some(vec!["tag:a".into(), "k".into()])).publish();
        let mut nonsense = vec![
            String::new(),
            "CRM1".into(),
            "CRM2 00000000000000ff:7 ".into(),
            "CRM1 ff 3:abc".into(),
            "CRM1 00000000000000ff:7 99999999999999999999:a".into(),
            "CRM1 00000000000000ff:7 1:é".into(),
            "CRM1 00000000000000ff:7 a:b".into(),
        ];
        nonsense.push(whole[..whole.len() - 1].to_owned());
        for text in nonsense {
            assert_eq!(Message::read(Partition(0), text.as_bytes()), None, "{text}");
        }
        assert_eq!(Message::read(Partition(0), &[b'C', 0xff]), None);
    }

    #[test]
    fn a_lease_that_was_given_back_is_read_by_its_key_and_is_no_step() {
        for key in ["", " ", "guild:42", "CRM1 00000000000000ff:7 ", "CRL1 ", "a\0\n*", "é🦀"] {
            let told = freed(key);
            assert_eq!(Heard::read(Partition(3), told.as_bytes()), Heard::Freed { key: key.to_owned() });
            assert_eq!(Message::read(Partition(3), told.as_bytes()), None, "{key}");
        }
        let step = message(Some(vec!["k".into()]));
        assert_eq!(Heard::read(Partition(3), step.publish().as_bytes()), Heard::Step(step));
        for nonsense in [&b"CRL1"[..], b"CRL2 k", b"CRL1 \xff"] {
            assert_eq!(Heard::read(Partition(3), nonsense), Heard::Nonsense);
        }
    }

    #[test]
    fn a_great_many_names_are_not_listed() {
        let name = "x".repeat(1_000);
        assert_eq!(names_blob(std::iter::repeat_n(name.as_str(), 100)), "*");
    }
}
