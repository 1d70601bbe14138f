//! An outbox in a file of its own: a line for each event that is held, and one for each that is done.
//!
//! The lines of a file that is opened again are what was owed when its process ended. A line that was torn by that is none.

use super::lock::Lock;
use super::{Kept, Outbox};
use crate::error::Cause;
use crate::event::Event;
use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More events than this are not held: nobody relays them, and whoever writes should know.
const MAX_EVENTS: usize = 100_000;

/// So many lines that are over are tolerated before the file is written anew.
const MAX_SPENT: usize = 10_000;

/// Events that wait in a file, for one process at a time: another has a file of its own, or waits until this one has ended.
///
/// A second one on the same file is refused, by a lock on a file beside it whose name ends in `.lock` and which is never
/// removed. The system takes the lock away with the process, whatever ends that.
///
/// An event is held before the data is committed, and released after. Until then it is not relayed; if the process ends in
/// between, the next one that opens the file relays it, for nobody knows whether the commit was made: emitting an event of
/// a write that never was costs loads.
#[derive(Clone, Debug)]
pub struct FileOutbox(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    path: PathBuf,
    _lock: Lock,
    file: File,
    /// Up to where its lines are whole.
    len: u64,
    /// Whether there may be half a line behind that.
    is_torn: bool,
    waiting: BTreeMap<u64, String>,
    held: HashSet<u64>,
    next: u64,
    spent: usize,
}

/// An event that is not relayed before this is released or dropped.
#[derive(Debug)]
#[must_use = "dropping it releases the event"]
pub struct HeldEvent {
    outbox: FileOutbox,
    id: u64,
}

impl HeldEvent {
    /// Lets the event be relayed: what it tells of was committed, or it is not known whether it was.
    pub fn release(self) {}

    /// Takes the event back: what it tells of was rolled back.
    ///
    /// # Errors
    /// If the file cannot be written; then it is relayed all the same.
    pub fn withdraw(self) -> io::Result<()> {
        self.outbox.state().forget(&[self.id])
    }
}

impl Drop for HeldEvent {
    fn drop(&mut self) {
        self.outbox.state().held.remove(&self.id);
    }
}

impl FileOutbox {
    /// The outbox in a file, which is made if it is not there. What it holds of a process that has ended waits to be relayed.
    ///
    /// # Errors
    /// If another process has it open, or another `FileOutbox` of this one, which is
    /// [`ResourceBusy`](io::ErrorKind::ResourceBusy); or if the file cannot be read and written.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let lock = Lock::on(&path)?;
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let (waiting, next) = lines(&text);
        let Rewritten { file, len, kept } = rewritten(&path, &waiting)?;
        kept?;
        let state =
            State { path, _lock: lock, file, len, is_torn: false, waiting, held: HashSet::new(), next, spent: 0 };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Holds an event. It is on the disk when this returns, which takes as long as the disk: some milliseconds, during
    /// which the thread is blocked.
    ///
    /// # Errors
    /// If the file cannot be written, or 100,000 events wait already: then the data should not be committed.
    pub fn hold(&self, event: &Event) -> io::Result<HeldEvent> {
        let mut state = self.state();
        if state.waiting.len() >= MAX_EVENTS {
            return Err(io::Error::new(io::ErrorKind::StorageFull, format!("{MAX_EVENTS} events wait already")));
        }
        let (id, text) = (state.next, event.to_string());
        state.next += 1;
        state.append(&format!("+{id} {text}\n"))?;
        state.file.sync_data()?;
        state.waiting.insert(id, text);
        state.held.insert(id);
        Ok(HeldEvent { outbox: self.clone(), id })
    }

    /// How many events wait, the held ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox for FileOutbox {
    fn waiting(&self, limit: usize) -> Kept<'_, Vec<(u64, String)>> {
        let state = self.state();
        let released = state.waiting.iter().filter(|(id, _)| !state.held.contains(id));
        let oldest = released.take(limit).map(|(id, text)| (*id, text.clone())).collect();
        Box::pin(std::future::ready(Ok(oldest)))
    }

    /// Not waited for on the disk: what is forgotten of it is emitted once more.
    fn done<'a>(&'a self, events: &'a [u64]) -> Kept<'a, ()> {
        let forgotten = self.state().forget(events).map_err(Cause::from);
        Box::pin(std::future::ready(forgotten))
    }

    /// Puts it into a file beside this one, whose name ends in `.refused`.
    fn refuse<'a>(&'a self, event: u64, problem: &'a str) -> Kept<'a, ()> {
        Box::pin(std::future::ready(self.state().refuse(event, problem).map_err(Cause::from)))
    }
}

impl State {
    /// What could not be written whole is cut off, or the next line would be taken for its end.
    fn append(&mut self, line: &str) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.len)?;
        }
        self.is_torn = true;
        self.file.write_all(line.as_bytes())?;
        self.is_torn = false;
        self.len += line.len() as u64;
        Ok(())
    }

    /// Writes anew what waits, and nothing else.
    fn rewrite(&mut self) -> io::Result<()> {
        let Rewritten { file, len, kept } = rewritten(&self.path, &self.waiting)?;
        (self.file, self.len, self.is_torn, self.spent) = (file, len, false, 0);
        kept
    }

    fn forget(&mut self, events: &[u64]) -> io::Result<()> {
        let gone: String = events.iter().map(|id| format!("-{id}\n")).collect();
        self.append(&gone)?;
        for id in events {
            self.waiting.remove(id);
        }
        self.spent += events.len() * 2;
        if self.spent > MAX_SPENT {
            self.rewrite()?;
        }
        Ok(())
    }

    fn refuse(&mut self, event: u64, problem: &str) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(".refused");
        let text = self.waiting.get(&event).cloned().unwrap_or_default();
        let mut beside = OpenOptions::new().create(true).append(true).open(name)?;
        writeln!(beside, "{text}\t{problem}")?;
        beside.sync_data()?;
        self.forget(&[event])
    }
}

/// What waits by the lines of a file, and the next number. What is no line was torn, and is left out.
fn lines(text: &str) -> (BTreeMap<u64, String>, u64) {
    let (mut waiting, mut next) = (BTreeMap::new(), 0);
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        if let Some((id, event)) = line.strip_prefix('+').and_then(|rest| rest.split_once(' ')) {
            if let Ok(id) = id.parse::<u64>() {
                next = next.max(id.saturating_add(1));
                waiting.insert(id, event.to_owned());
            }
        } else if let Some(id) = line.strip_prefix('-').and_then(|id| id.parse::<u64>().ok()) {
            waiting.remove(&id);
        }
    }
    (waiting, next)
}

/// A file that has taken the place of the one before.
struct Rewritten {
    file: File,
    len: u64,
    /// Whether a crash will find it in its place too.
    kept: io::Result<()>,
}

/// The file with what waits and nothing else, to be appended to. A crash leaves the one before, or this one.
fn rewritten(path: &Path, waiting: &BTreeMap<u64, String>) -> io::Result<Rewritten> {
    let mut fresh = path.to_owned().into_os_string();
    fresh.push(".new");
    let text: String = waiting.iter().map(|(id, event)| format!("+{id} {event}\n")).collect();
    // Whatever can fail does so before the names change: who went on writing to the old file would write to none.
    drop(File::create(&fresh)?);
    let mut file = OpenOptions::new().append(true).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory = File::open(directory.unwrap_or(Path::new(".")))?;
    std::fs::rename(&fresh, path)?;
    // The name is on the disk when its directory is.
    Ok(Rewritten { file, len: text.len() as u64, kept: directory.sync_all() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_torn_or_is_done_does_not_wait() {
        let (waiting, next) = lines("+0 a?id=1\n+1 b\n-0\nnonsense\n+x y\n+7 c\n+8 d?id=");
        assert_eq!(waiting.into_iter().collect::<Vec<_>>(), [(1, "b".to_owned()), (7, "c".to_owned())]);
        assert_eq!(next, 8);
    }

    #[test]
    fn half_a_line_does_not_spoil_the_next() {
        let directory = std::env::temp_dir().join(format!("cache_runtime_outbox_{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let path = directory.join("torn");
        let outbox = FileOutbox::open(&path).expect("a file");
        outbox.hold(&Event::new("first").field("id", 1)).expect("written").release();
        // As a full disk leaves it.
        {
            let mut state = outbox.state();
            state.file.write_all(b"+7 tor").expect("written");
            state.is_torn = true;
        }
        outbox.hold(&Event::new("second").field("id", 2)).expect("written").release();
        let (waiting, _) = lines(&std::fs::read_to_string(&path).expect("it is there"));
        assert_eq!(waiting.len(), 2, "{waiting:?}");
        assert!(waiting.values().all(|text| !text.contains("tor")), "{waiting:?}");
        std::fs::remove_dir_all(&directory).expect("it is ours");
    }
}
