//! Events as text, for a row of an outbox: `member_update?guild_id=42&user_id=7`.

use super::Event;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A text that is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an event")]
pub struct InvalidEvent(String);

/// The name, then the fields as in the query of an address, a collection's once for each value that it stands for.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.name))?;
        let values = self.fields.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        for (at, (name, value)) in values.enumerate() {
            write!(f, "{}{}={}", if at == 0 { '?' } else { '&' }, escaped(name), escaped(value))?;
        }
        Ok(())
    }
}

impl FromStr for Event {
    type Err = InvalidEvent;

    fn from_str(text: &str) -> Result<Self, InvalidEvent> {
        let wrong = || InvalidEvent(text.to_owned());
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        let mut event = Self::new(plain(name).filter(|name| !name.is_empty()).ok_or_else(wrong)?);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (field, value) = pair.split_once('=').ok_or_else(wrong)?;
            let (field, value) = plain(field).zip(plain(value)).ok_or_else(wrong)?;
            event.fields.entry(field).or_default().push(value);
        }
        Ok(event)
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// `%` and two hexadecimal digits for each byte that is none of the plain ones.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => escaped.push(byte as char),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn plain(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match byte {
            b'%' => bytes.push((digit(left.next())? * 16 + digit(left.next())?) as u8),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_back_from_its_text() {
        let event = Event::new("member_update").field("guild_id", 42).field("names", vec!["a&b", "c=%d", "é"]);
        let text = event.to_string();
        assert!(text.starts_with("member_update?guild_id=42&names=a%2526b&names=c%253D%2525d"), "{text}");
        let again: Event = text.parse().expect("it was written here");
        assert_eq!((again.name, again.fields), (event.name, event.fields));
        let unit: Event = "everything-changed".parse().expect("a name");
        assert_eq!((unit.to_string(), unit.fields.len()), ("everything-changed".to_owned(), 0));
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for wrong in ["", "?a=1", "e?a", "e?a=%", "e?a=%g0", "e?a=%ff"] {
            assert!(wrong.parse::<Event>().is_err(), "{wrong}");
        }
    }
}
