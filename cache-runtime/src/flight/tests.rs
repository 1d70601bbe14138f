//! Who loads, who waits, who takes over.

use super::*;
use tokio::sync::oneshot;

type Test = Flights<u32, &'static str>;

const KEY: Id = Id(1);

fn lead(flights: &Arc<Test>) -> Lead<u32, &'static str> {
    match flights.board(KEY, |_| true) {
        Boarding::Lead(lead) => lead,
        Boarding::Follow(_) => panic!("somebody else leads"),
    }
}

fn follow(flights: &Arc<Test>) -> Follower<u32, &'static str> {
    match flights.board(KEY, |_| true) {
        Boarding::Follow(follower) => follower,
        Boarding::Lead(_) => panic!("nobody leads"),
    }
}

#[tokio::test]
async fn every_waiter_is_given_what_landed() {
    let flights = Test::new();
    let leader = lead(&flights);
    let (first, second) = (follow(&flights), follow(&flights));
    leader.land(|| "value");
    assert!(matches!(first.wait().await, Followed::Landed("value")));
    assert!(matches!(second.wait().await, Followed::Landed("value")));
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn one_waiter_takes_over_from_a_leader_that_is_gone() {
    let flights = Test::new();
    let leader = lead(&flights);
    let first = tokio::spawn(follow(&flights).wait());
    let second = tokio::spawn(follow(&flights).wait());
    tokio::task::yield_now().await;
    drop(leader);
    let Ok(Followed::Lead(heir)) = first.await else { panic!("the first waiter leads") };
    assert!(!second.is_finished(), "and only the first");
    heir.land(|| "value");
    assert!(matches!(second.await, Ok(Followed::Landed("value"))));
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn a_waiter_that_leaves_disturbs_nobody() {
    let flights = Test::new();
    let leader = lead(&flights);
    drop(follow(&flights));
    let left = tokio::time::timeout(std::time::Duration::ZERO, follow(&flights).wait()).await;
    assert!(left.is_err());
    let last = follow(&flights);
    leader.land(|| "value");
    assert!(matches!(last.wait().await, Followed::Landed("value")));
}

#[tokio::test]
async fn a_flight_that_began_too_early_is_replaced_and_still_serves_its_own() {
    let flights = Test::new();
    let old = lead(&flights);
    let early = follow(&flights);
    old.begin(1);
    let Boarding::Lead(new) = flights.board(KEY, |begun| *begun >= 2) else { panic!("the old flight is too old") };
    new.begin(2);
    old.land(|| "old");
    assert!(matches!(early.wait().await, Followed::Landed("old")));
    assert_eq!(flights.len(), 1, "the old one does not take the new one off the map");
    new.land(|| "new");
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn a_flight_is_off_the_map_when_all_have_left() {
    let flights = Test::new();
    let leader = lead(&flights);
    let follower = follow(&flights);
    drop(leader);
    assert_eq!(flights.len(), 1);
    drop(follower);
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn a_load_that_waits_for_itself_is_told_so() {
    let flights = Test::new();
    let leader = lead(&flights);
    let inner = leader.load(async { follow(&flights).wait().await }).await;
    assert!(matches!(inner, Followed::Alone));
}

#[tokio::test]
async fn two_loads_that_wait_for_each_other_are_told_so() {
    let flights = Test::new();
    let left = lead(&flights);
    let Boarding::Lead(right) = flights.board(Id(2), |_| true) else { panic!("another key") };
    let Boarding::Follow(of_right) = flights.board(Id(2), |_| true) else { panic!("it is led") };
    let of_left = follow(&flights);
    let (done, landed) = oneshot::channel();
    let first = tokio::spawn(async move {
        let result = left.load(of_right.wait()).await;
        left.land(|| "left");
        let _ = done.send(());
        matches!(result, Followed::Landed("right"))
    });
    tokio::task::yield_now().await;
    let second = right.load(of_left.wait()).await;
    assert!(matches!(second, Followed::Alone), "it would close the circle");
    right.land(|| "right");
    assert!(first.await.expect("it ends"));
    landed.await.expect("and landed");
}
