//! A process that holds an event in an outbox, commits, and does not live to emit it: `tests/tests/resilience/outbox.rs`
//! kills it.
//!
//!     outbox_writer <outbox> <data>

use anyhow::bail;
use cache_runtime::Event;
use cache_runtime::outbox::FileOutbox;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [outbox, data] = &arguments[..] else { bail!("usage: outbox_writer <outbox> <data>") };
    let outbox = FileOutbox::open(outbox)?;
    let _held = outbox.hold(&Event::new("outbox_changed").field("id", 1_u64))?;
    std::fs::write(data, "2")?;
    println!("committed");
    // Until it is killed.
    loop {
        std::thread::park();
    }
}
