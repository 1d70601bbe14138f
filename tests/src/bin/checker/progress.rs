//! Where a row stands: one line on a terminal, which is wiped when the row is done; nothing elsewhere.

use std::io::{IsTerminal, Write};

pub(crate) fn show(line: &str) {
    let mut terminal = std::io::stderr().lock();
    if terminal.is_terminal() {
        // Whether it can be shown changes nothing.
        let _ = write!(terminal, "\r\x1b[2K{line}").and_then(|()| terminal.flush());
    }
}

pub(crate) fn wipe() {
    show("");
}
