//! Where a row stands: one line on a terminal, which is wiped when the row is done; nothing elsewhere.

use std::io::{IsTerminal, Write};

pub(crate) fn is_seen() -> bool {
    std::io::stderr().is_terminal()
}

pub(crate) fn show(line: &str) {
    let mut terminal = std::io::stderr().lock();
    if is_seen() {
        // Whether it can be shown changes nothing.
        let _ = write!(terminal, "\r\x1b[2K{line}").and_then(|()| terminal.flush());
    }
}

pub(crate) fn wipe() {
    show("");
}
