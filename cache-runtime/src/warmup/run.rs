//! One run of a plan: step after step, item after item, so many at once.

use super::checkpoint::{Checkpoint, Done, Items};
use super::plan::{Doing, Plan, Prepared, Stock};
use super::report::{End, Progress, Report, StepReport};
use crate::cache::Cache;
use crate::error::Error;
use crate::outcome::observe;
use crate::stamp::random_name;
use futures_util::StreamExt;
use std::time::Duration;

/// After so many failures in a row a source is not well, and asking it for everything makes it worse.
const FAILURES_IN_A_ROW: usize = 32;

pub(super) async fn run(cache: &Cache, plan: &Plan) -> Result<Report, Error> {
    if cache.is_shut_down() {
        return Err(Error::ShutDown);
    }
    let began_ms = cache.clock().now_ms();
    let mut run = Run { cache, plan, checkpoint: Checkpoint::default(), steps: Vec::new() };
    for step in plan.order().0 {
        let began_ms = cache.clock().now_ms();
        let mut report = run.take(step).await;
        report.took = since(cache, began_ms);
        run.steps.push(report);
    }
    Ok(Report { steps: run.steps, took: since(cache, began_ms), checkpoint: run.checkpoint })
}

struct Run<'a> {
    cache: &'a Cache,
    plan: &'a Plan,
    checkpoint: Checkpoint,
    steps: Vec<StepReport>,
}

impl Run<'_> {
    async fn take(&mut self, step: &Prepared) -> StepReport {
        let mut report = StepReport::new(&step.name);
        let mut done = match self.plan.from.of(&step.name) {
            Done::All => {
                self.checkpoint.set(&step.name, Done::All);
                report.end = End::DoneBefore;
                return report;
            }
            Done::Items(items) => items,
        };
        if step.after.iter().any(|name| self.is_missing(name)) {
            report.end = End::Skipped;
            return report;
        }
        match (step.list)().await {
            Err(problem) => {
                report.fail(problem);
                report.end = End::NotListed;
            }
            Ok(stock) => {
                report.items = stock.items;
                self.warm(&stock, &mut done, &mut report).await;
                self.checkpoint.set(&step.name, done.ended(stock.items));
                self.verify(&stock, &mut report).await;
            }
        }
        report
    }

    /// Whether what others build on is not there.
    fn is_missing(&self, name: &str) -> bool {
        let ended = self.steps.iter().find(|step| step.name == *name).map(|step| step.end);
        !matches!(ended, Some(End::Done | End::DoneBefore))
    }

    /// Warms what is missing, and notes what became of each.
    async fn warm(&self, stock: &Stock, done: &mut Items, report: &mut StepReport) {
        let each = |at| async move { (at, observe(self.in_time((stock.warm)(at))).await) };
        let missing = done.missing(stock.items);
        let (mut turns, mut in_a_row) = (stock.items - missing.len(), 0);
        // Not begun before there is room, and told in their order, so that what is behind the last one told is done.
        let mut warmed = futures_util::stream::iter(missing).map(each).buffered(self.plan.at_once);
        while self.cache.is_open() {
            let Some((at, (warmed, outcome))) = warmed.next().await else { return };
            turns += 1;
            done.note(at, warmed.is_ok());
            in_a_row = if warmed.is_err() { in_a_row + 1 } else { 0 };
            match warmed {
                Ok(()) if outcome.is_some_and(|outcome| outcome.is_hit()) => report.present += 1,
                Ok(()) => report.loaded += 1,
                Err(problem) => report.fail(problem),
            }
            if let Some(observer) = &self.plan.observer {
                observer(&Progress { step: report, done: turns, items: done, before: &self.checkpoint });
            }
            if in_a_row == FAILURES_IN_A_ROW {
                report.end = End::GivenUp;
                return;
            }
        }
        report.end = End::Stopped;
    }

    /// An item that takes too long has failed, and keeps others waiting no longer than that.
    async fn in_time<T>(&self, item: Doing<T>) -> Result<T, String> {
        let limit = self.plan.item_deadline;
        tokio::select! {
            biased;
            done = item => done,
            () = self.cache.clock().sleep(limit) => Err(format!("it took more than {limit:?}")),
        }
    }

    async fn verify(&self, stock: &Stock, report: &mut StepReport) {
        let sampled = match stock.share > 0.0 && stock.items > 0 && report.end == End::Done {
            true => ((stock.items as f64 * stock.share).ceil() as usize).clamp(1, stock.items),
            false => 0,
        };
        let compared = futures_util::stream::iter(sample(stock.items, sampled)).map(|at| async move {
            match self.in_time((stock.is_right)(at)).await {
                Ok(false) => self.in_time((stock.is_right)(at)).await,
                said => said,
            }
        });
        let mut compared = compared.buffer_unordered(self.plan.at_once);
        while let Some(compared) = compared.next().await {
            report.verified += 1;
            match compared {
                Ok(true) => {}
                Ok(false) => report.differing += 1,
                Err(problem) => report.fail(problem),
            }
        }
    }
}

/// So many places, evenly spread from a random one on: neighbours in a list are often alike.
fn sample(items: usize, sampled: usize) -> impl Iterator<Item = usize> {
    let start = random_name() as usize % items.max(1);
    (0..sampled).map(move |nth| (start + nth * items / sampled) % items)
}

fn since(cache: &Cache, began_ms: u64) -> Duration {
    Duration::from_millis(cache.clock().now_ms().saturating_sub(began_ms))
}
