//! A cache that is warm before its first reader: guilds first, then their members, verified against the source, and
//! interrupted in between.
//!
//! `cargo run -p cache-examples --bin warm`

use anyhow::Result;
use cache_runtime::warmup::{Checkpoint, Plan, Progress, Report, Step};
use cache_runtime::{Cache, cached};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cached(key = "warm:guilds", ttl = "5m")]
async fn guilds() -> Result<Vec<u64>, io::Error> {
    Ok((0..200).collect())
}

#[cached(key = "warm:guild:<id>:members", ttl = "5m")]
async fn members(id: u64) -> Result<Vec<String>, io::Error> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(vec![format!("the owner of {id}")])
}

/// A tenth of the members is compared with the source.
fn plan() -> Plan {
    let primary = Step::new("guilds", || async { Ok::<_, io::Error>(vec![()]) }, |()| guilds());
    let related = Step::new("members", guilds, members)
        .after("guilds")
        .verify(0.1, |id| async move { Ok::<_, io::Error>(members(id).await? == members_uncached(id).await?) });
    Plan::new().step(primary).step(related).at_once(16)
}

/// Warms for so long, and returns where it was then.
async fn interrupted(cache: &Cache, after: Duration) -> Result<String> {
    let kept = Arc::new(Mutex::new(String::new()));
    let keep = kept.clone();
    let observer = move |progress: &Progress<'_>| {
        if let Ok(mut kept) = keep.lock() {
            *kept = progress.checkpoint().to_string();
        }
    };
    let plan = plan().observer(observer);
    let ended = tokio::time::timeout(after, cache.warm(&plan)).await;
    println!("interrupted: {}", ended.is_err());
    let checkpoint = kept.lock().map(|kept| kept.clone()).unwrap_or_default();
    Ok(checkpoint)
}

async fn resumed(cache: &Cache, checkpoint: &str) -> Result<Report> {
    let from: Checkpoint = checkpoint.parse()?;
    Ok(cache.warm(&plan().resume(from)).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let cache = Cache::builder().build().await?;
    cache.install();
    let checkpoint = interrupted(&cache, Duration::from_millis(40)).await?;
    println!("at {checkpoint}");
    for step in resumed(&cache, &checkpoint).await?.steps {
        println!("{}: {:?}, {} loaded, {} of {} verified", step.name, step.end, step.loaded, step.verified, step.items);
    }
    let report = cache.warm(&plan()).await?;
    println!("once more: {} loaded, in {:?}", report.loaded(), report.took);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_interrupted_is_warm_in_the_end() -> Result<()> {
        let cache = Cache::builder().build().await?;
        let checkpoint = interrupted(&cache, Duration::from_millis(22)).await?;
        assert!(checkpoint.starts_with("guilds:all members:"), "{checkpoint}");
        assert!(resumed(&cache, &checkpoint).await?.is_complete());
        let report = cache.warm(&plan()).await?;
        assert!(report.is_complete() && report.loaded() == 0, "{report:?}");
        Ok(())
    }
}
