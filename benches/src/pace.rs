//! How quickly calls are answered that wait for a server: one at a time, and many at a time.

use crate::case::Runtime;
use crate::figure::{Figure, percentile};
use crate::rounds::{Entrant, interleave};
use std::future::Future;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

/// What the columns are called.
pub(crate) const ONE: &str = "µs, p50 of one at a time";
pub(crate) const SIXTY_FOUR: &str = "thousand/s, 64 at a time";
const MORE: &str = "thousand/s, 512 at a time";

/// How many calls are under way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    One,
    SixtyFour,
    More,
}

impl Pace {
    fn measure(self) -> &'static str {
        match self {
            Self::One => ONE,
            Self::SixtyFour => SIXTY_FOUR,
            Self::More => MORE,
        }
    }
}

/// A contestant that can be asked at any pace.
pub(crate) type Contestant = Box<dyn Fn(Pace) -> Entrant>;

/// A contestant by its call, which is told how many came before it. A round is so many calls one at a time, and ten times
/// as many otherwise.
pub(crate) fn contestant<F>(
    runtime: &Rc<Runtime>,
    name: &'static str,
    calls: u64,
    call: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Contestant
where
    F: Future<Output: Send> + Send,
{
    let runtime = runtime.clone();
    let entrant = move |pace: Pace| {
        let (runtime, call) = (runtime.clone(), call.clone());
        let round = move || match pace {
            Pace::One => runtime.block_on(one_at_a_time(calls, &call)),
            Pace::SixtyFour => runtime.block_on(at_a_time(64, calls * 10, &call)),
            Pace::More => runtime.block_on(at_a_time(512, calls * 10, &call)),
        };
        // Counting allocations takes time, more of it where they are more.
        let round = move || {
            let mut figure = 0.0;
            allocation_counter::opt_out(|| figure = round());
            [figure]
        };
        Entrant { name: name.to_owned(), round: Box::new(round) }
    };
    Box::new(entrant)
}

/// All contestants at each pace.
pub(crate) fn interleaved(case: &str, paces: &[Pace], rounds: usize, contestants: &[Contestant]) -> Vec<Figure> {
    let at = |pace: &Pace| {
        let mut entrants: Vec<_> = contestants.iter().map(|make| make(*pace)).collect();
        interleave(case, [pace.measure()], rounds, &mut entrants)
    };
    paces.iter().flat_map(at).collect()
}

/// The median in microseconds.
async fn one_at_a_time<F: Future>(calls: u64, call: impl Fn(u64) -> F) -> f64 {
    let mut taken = Vec::new();
    for at in 0..calls {
        let started = Instant::now();
        black_box(call(at).await);
        taken.push(started.elapsed().as_nanos() as f64 / 1_000.0);
    }
    percentile(&mut taken, 50)
}

/// Thousand calls a second of so many tasks, each of which begins elsewhere.
async fn at_a_time<F>(tasks: u64, calls: u64, call: &(impl Fn(u64) -> F + Clone + Send + 'static)) -> f64
where
    F: Future<Output: Send> + Send,
{
    let each = calls / tasks;
    let started = Instant::now();
    let task = |task: u64| {
        let call = call.clone();
        tokio::spawn(async move {
            for at in 0..each {
                black_box(call(task * 37 + at).await);
            }
        })
    };
    for task in (0..tasks).map(task).collect::<Vec<_>>() {
        task.await.expect("no contestant panics");
    }
    (each * tasks) as f64 / started.elapsed().as_secs_f64() / 1_000.0
}
