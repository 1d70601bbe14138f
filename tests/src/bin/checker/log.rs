//! What a task did, in an append-only file of its own, as records of one size in the order of their first field.

use anyhow::Context;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// A read that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) started_ns: u64,
    pub(crate) ended_ns: u64,
    pub(crate) key: u32,
    pub(crate) version: u32,
}

/// A write, and when it was acknowledged: when the call that invalidated returned without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) began_ns: u64,
    /// [`NEVER`] if the invalidation was never acknowledged.
    pub(crate) acknowledged_ns: u64,
    pub(crate) key: u32,
    pub(crate) version: u32,
}

/// Later than everything.
pub(crate) const NEVER: u64 = u64::MAX;

/// How many bytes a record takes.
pub(crate) const RECORD_BYTES: usize = 24;

/// Two moments, a key and a version.
type Fields = (u64, u64, u32, u32);

/// What is written to a log.
pub(crate) trait Record: Copy {
    fn fields(self) -> Fields;
    fn from_fields(fields: Fields) -> Self;
}

impl Record for Seen {
    fn fields(self) -> Fields {
        (self.started_ns, self.ended_ns, self.key, self.version)
    }

    fn from_fields((started_ns, ended_ns, key, version): Fields) -> Self {
        Self { started_ns, ended_ns, key, version }
    }
}

impl Record for Written {
    fn fields(self) -> Fields {
        (self.began_ns, self.acknowledged_ns, self.key, self.version)
    }

    fn from_fields((began_ns, acknowledged_ns, key, version): Fields) -> Self {
        Self { began_ns, acknowledged_ns, key, version }
    }
}

/// One task's log, being written.
pub(crate) struct Log<R> {
    file: BufWriter<File>,
    path: PathBuf,
    of: PhantomData<R>,
}

impl<R: Record> Log<R> {
    pub(crate) fn create(path: PathBuf) -> anyhow::Result<Self> {
        Self::of_capacity(1 << 16, path)
    }

    /// One that has each record as soon as it is added.
    pub(crate) fn create_unbuffered(path: PathBuf) -> anyhow::Result<Self> {
        Self::of_capacity(0, path)
    }

    fn of_capacity(bytes: usize, path: PathBuf) -> anyhow::Result<Self> {
        let file = File::create_new(&path).with_context(|| path.display().to_string())?;
        Ok(Self { file: BufWriter::with_capacity(bytes, file), path, of: PhantomData })
    }

    pub(crate) fn add(&mut self, record: R) -> anyhow::Result<()> {
        let (first, second, key, version) = record.fields();
        let mut bytes = [0; RECORD_BYTES];
        bytes[..8].copy_from_slice(&first.to_le_bytes());
        bytes[8..16].copy_from_slice(&second.to_le_bytes());
        bytes[16..20].copy_from_slice(&key.to_le_bytes());
        bytes[20..].copy_from_slice(&version.to_le_bytes());
        self.file.write_all(&bytes).with_context(|| self.path.display().to_string())
    }

    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        self.file.flush().with_context(|| self.path.display().to_string())
    }
}

/// The records of a log, read as they are asked for.
pub(crate) fn records<R: Record>(path: &Path) -> anyhow::Result<impl Iterator<Item = R> + use<R>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    Ok(std::iter::from_fn(move || {
        let mut bytes = [0; RECORD_BYTES];
        // A log whose writer was killed may end within a record.
        file.read_exact(&mut bytes).ok()?;
        let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Some(R::from_fields((long(0), long(8), short(16), short(20))))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let path = directory.path().join("log");
        let seen = [1, 2].map(|n| Seen { started_ns: n, ended_ns: n + 1, key: 3, version: u32::MAX });
        let mut log = Log::create(path.clone()).expect("it can be made");
        seen.iter().for_each(|seen| log.add(*seen).expect("it can be written"));
        log.finish().expect("it can be written");
        assert_eq!(records::<Seen>(&path).expect("it can be read").collect::<Vec<_>>(), seen);
    }
}
