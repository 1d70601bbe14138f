//! What people write for durations, sizes, switches and shares, as values.

use crate::policy::L1;
use std::time::Duration;

/// `256MB`, `1 GiB`, or a number of entries.
pub(super) fn memory_size(text: &str) -> Option<L1> {
    match text.trim().parse() {
        Ok(entries) => Some(L1::max_entries(entries)),
        Err(_) => bytes(text).map(L1::max_bytes),
    }
}

/// `256MB`, `1 GiB`, `100b`: a number with its unit.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" | "kib" => 1 << 10,
        "mb" | "mib" => 1 << 20,
        "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Whole seconds, or numbers with units from days to milliseconds, the larger first; never zero.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return (seconds > 0).then(|| Duration::from_secs(seconds));
    }
    let (mut left, mut total_ms, mut last_unit_ms) = (text, 0_u64, u64::MAX);
    while !left.is_empty() {
        let digits = left.find(|c: char| !c.is_ascii_digit())?;
        let letters = left[digits..].find(|c: char| c.is_ascii_digit()).map_or(left.len(), |at| digits + at);
        let unit_ms = match &left[digits..letters] {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        let number: u64 = left[..digits].parse().ok()?;
        if unit_ms >= last_unit_ms {
            return None;
        }
        total_ms = total_ms.checked_add(number.checked_mul(unit_ms)?)?;
        (left, last_unit_ms) = (&left[letters..], unit_ms);
    }
    (total_ms > 0).then(|| Duration::from_millis(total_ms))
}

/// `true` and `false`, and what people write for them.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Some(true),
        "false" | "0" | "off" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(duration("300"), Some(Duration::from_secs(300)));
        assert_eq!(duration("1h30m"), Some(Duration::from_secs(5_400)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "0", "5x", "-1", "m", "5m1h", "1.5h", "999999999999999999d"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_bytes_with_a_unit_and_entries_without() {
        assert_eq!(memory_size("256MB"), Some(L1::max_bytes(256 << 20)));
        assert_eq!(memory_size("1 GiB"), Some(L1::max_bytes(1 << 30)));
        assert_eq!(memory_size("10000"), Some(L1::max_entries(10_000)));
        for wrong in ["", "MB", "12XB", "-1", "1.5GB", "99999999999GB"] {
            assert_eq!(memory_size(wrong), None, "{wrong}");
        }
    }
}
