//! How far the replay is: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::future::Future;
use std::io::IsTerminal;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Runs a future while showing how far `done` is on its way to `total`.
pub(super) async fn shown<F: Future>(done: &AtomicUsize, total: usize, work: F) -> F::Output {
    let bar = std::io::stderr().is_terminal().then(|| bar(total));
    let every = if bar.is_some() { Duration::from_millis(100) } else { Duration::from_secs(5) };
    let begun = Instant::now();
    let mut work = pin!(work);
    loop {
        if let Ok(output) = tokio::time::timeout(every, work.as_mut()).await {
            bar.inspect(ProgressBar::finish_and_clear);
            return output;
        }
        let done = done.load(Ordering::Relaxed).min(total);
        match &bar {
            Some(bar) => bar.set_position(done as u64),
            None => eprintln!("guild_api: {done} of {total} requests in {} s", begun.elapsed().as_secs()),
        }
    }
}

fn bar(total: usize) -> ProgressBar {
    let template = "{bar:40} {human_pos} of {human_len} requests, {eta} left";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(total as u64).with_style(style)
}
