//! Filling a cache before its readers come: what is missing of a list of items, step by step.
//!
//! A step lists its items and says how one is warmed, which mostly is a call of a cached function. Steps that name others
//! come after them, so that the related is loaded when the primary is there.

mod checkpoint;
mod plan;
mod report;
mod run;

pub use checkpoint::Checkpoint;
pub use plan::{Plan, Step};
pub use report::{End, Progress, Report, StepReport};

use crate::cache::{Cache, HeldTask};
use crate::error::Error;
use std::time::Duration;

impl Cache {
    /// Warms this cache by a plan: every item that no tier has is loaded, at most as many at once as the plan says.
    ///
    /// Items that fail are counted and passed over; so the report, and not an error, tells how it went. Dropping the future
    /// ends it; what was loaded by then stays, and a [`Checkpoint`] says where to go on.
    ///
    /// # Errors
    /// If the plan contradicts itself, or the cache was shut down.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::warmup::{Plan, Step};
    /// use cache_runtime::{Cache, cached};
    /// use std::io;
    ///
    /// #[cached(key = "warm:guilds", ttl = 300)]
    /// async fn guilds() -> Result<Vec<u64>, io::Error> {
    ///     Ok(vec![1, 2, 3])
    /// }
    ///
    /// #[cached(key = "warm:guild:<id>:members", ttl = 300)]
    /// async fn members(id: u64) -> Result<Vec<String>, io::Error> {
    ///     Ok(vec![format!("the owner of {id}")])
    /// }
    ///
    /// let primary = Step::new("guilds", async || Ok::<_, io::Error>(vec![()]), |()| guilds());
    /// let related = Step::new("members", async || guilds().await, members).after("guilds");
    /// let cache = Cache::builder().build().await?;
    /// let report = cache.warm(&Plan::new().step(related).step(primary)).await?;
    /// assert!(report.is_complete());
    /// assert_eq!(report.loaded(), 4);
    /// assert_eq!(cache.warm(&Plan::new()).await?.loaded(), 0);
    /// # Ok(()) }
    /// ```
    pub async fn warm(&self, plan: &Plan) -> Result<Report, Error> {
        plan.check()?;
        self.clone().scope(run::run(self, plan)).await
    }

    /// Warms this cache by a plan now, and again in periods, until what is returned is dropped or the cache is shut down.
    ///
    /// A period begins when the round before has ended. `told` gets each round's report, in the task that warms.
    /// A checkpoint of the plan counts for the first round only.
    ///
    /// # Errors
    /// If the plan contradicts itself, the cache was shut down, or this is called outside of a tokio runtime.
    pub fn keep_warm(
        &self,
        plan: Plan,
        every: Duration,
        told: impl Fn(&Report) + Send + Sync + 'static,
    ) -> Result<Warming, Error> {
        plan.check()?;
        if tokio::runtime::Handle::try_current().is_err() {
            let problem = "it is called outside of a tokio runtime, where nothing can go on by itself".to_owned();
            return Err(Error::Configuration { name: "keep_warm".to_owned(), problem });
        }
        if self.is_shut_down() {
            return Err(Error::ShutDown);
        }
        Ok(Warming { _task: self.in_front_while_held(rounds(self.clone(), plan, every, told)) })
    }
}

async fn rounds(cache: Cache, mut plan: Plan, every: Duration, told: impl Fn(&Report)) {
    // An end of the cache ends this, and so does a plan that contradicts itself, which was checked.
    while let Ok(report) = cache.warm(&plan).await {
        told(&report);
        plan = plan.restarted();
        cache.clock().sleep(every).await;
    }
}

/// A cache that is kept warm; dropping it ends that.
#[derive(Debug)]
#[must_use = "dropping it ends the warming"]
pub struct Warming {
    _task: HeldTask,
}
