//! Where codecs write to: a buffer with an end.

use std::io;

/// A growing buffer that refuses to grow past its limit, so that a value of gigabytes costs no gigabytes to refuse.
#[derive(Debug)]
pub struct Output {
    bytes: Vec<u8>,
    limit_bytes: usize,
    overflowed: bool,
    counting: Option<usize>,
}

impl Output {
    /// A buffer for at most `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self { bytes: Vec::new(), limit_bytes, overflowed: false, counting: None }
    }

    /// Counts what is written and keeps nothing of it.
    pub(crate) fn counting(limit_bytes: usize) -> Self {
        Self { counting: Some(0), ..Self::new(limit_bytes) }
    }

    pub(crate) fn len(&self) -> usize {
        self.counting.unwrap_or(self.bytes.len())
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn overflowed(&self) -> Option<usize> {
        self.overflowed.then_some(self.limit_bytes)
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.limit_bytes - self.len() {
            self.overflowed = true;
            return Err(io::Error::other("the output is full"));
        }
        match &mut self.counting {
            Some(count) => *count += bytes.len(),
            None => self.bytes.extend_from_slice(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
