//! Who writes to an outbox: one process at a time.
//!
//! The lock is on a file beside it, for the outbox itself is replaced by another file whenever it is written anew.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Held for as long as this is there, and no longer than its process.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// # Errors
    /// If somebody has it, or the file cannot be made.
    pub(super) fn on(outbox: &Path) -> io::Result<Self> {
        // Whoever comes by a link comes to the same file.
        let mut name = outbox.canonicalize().unwrap_or_else(|_| outbox.to_owned()).into_os_string();
        name.push(".lock");
        match locked(Path::new(&name)) {
            Ok(file) => Ok(Self { _file: file }),
            Err(error) if is_held(&error) => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!("the outbox `{}` is open in another process, or twice in this one", outbox.display()),
            )),
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn locked(path: &Path) -> io::Result<File> {
    use rustix::fs::{FlockOperation, flock};

    let file = OpenOptions::new().create(true).append(true).open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

#[cfg(unix)]
fn is_held(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Whoever has it open shares it with nobody.
#[cfg(windows)]
fn locked(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;

    OpenOptions::new().create(true).append(true).share_mode(0).open(path)
}

#[cfg(windows)]
fn is_held(error: &io::Error) -> bool {
    const SHARING_VIOLATION: i32 = 32;
    error.raw_os_error() == Some(SHARING_VIOLATION)
}

/// Elsewhere there are no processes to keep apart.
#[cfg(not(any(unix, windows)))]
fn locked(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(not(any(unix, windows)))]
fn is_held(_error: &io::Error) -> bool {
    false
}
