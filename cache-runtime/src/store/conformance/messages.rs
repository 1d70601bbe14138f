//! What a store tells of its steps. One that has no bus has nothing to do here.
//!
//! A listener may hear of what was told before it came, if that took a way of its own.

use super::{LONG_MS, Space, together};
use crate::bus::{Feed, Heard, Message};
use crate::store::{Bump, Store};
use std::time::Duration;

/// With the names of what it ended, in the same step.
pub async fn a_bump_is_told(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    let bumps = space.bump(&["d", "e"]).await;
    let mut names = Vec::new();
    for message in heard(&mut *feed, &bumps).await {
        names.extend(message.names.expect("they are listed"));
    }
    names.sort();
    assert_eq!(names, ["d", "e"]);
}

/// What others hold of it in memory is under that name.
pub async fn a_removal_is_told_by_its_key(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    let removal = space.remove(&["k"]).await;
    assert_eq!(heard(&mut *feed, &removal.bumps).await[0].names, Some(vec!["k".to_owned()]));
}

/// As a removal is.
pub async fn a_put_is_told(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    let bump = space.call("k", &["d"]).put(b"v", LONG_MS).await;
    assert_eq!(heard(&mut *feed, &[bump]).await[0].names, Some(vec!["k".to_owned()]));
}

/// Others hold in memory what they make invalid.
pub async fn announcements_and_settlements_are_told(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    let announced = space.announce(&["d"], 1, LONG_MS).await;
    assert_eq!(heard(&mut *feed, &announced).await[0].names, Some(vec!["d".to_owned()]));
    let settled = space.settle(&["d"], 1).await;
    assert_eq!(heard(&mut *feed, &settled).await[0].names, Some(vec!["d".to_owned()]));
}

/// In every partition.
pub async fn clearing_is_told_as_another_epoch(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    let before = space.bump(&["d"]).await;
    let cleared = space.clear().await;
    assert_eq!(cleared.len(), usize::from(store.partitions()));
    assert!(cleared.iter().all(|bump| bump.stamp.epoch != before[0].stamp.epoch));
    heard(&mut *feed, &cleared).await;
}

/// In every partition, and of none by its name: nobody is to think that nothing is meant.
pub async fn doubt_is_told_without_names(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    space.bump(&["d"]).await;
    let bumps = store.doubt(&space.namespace).await.expect("the store casts doubt");
    assert!(heard(&mut *feed, &bumps).await.iter().all(|message| message.names.is_none()));
}

/// Of one partition: a listener takes a seq that is left out for one that was lost.
pub async fn messages_come_in_the_order_of_their_steps(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    let first = space.bump(&["d"]).await;
    heard(&mut *feed, &first).await;
    let count = together((0..16).map(|_| space.bump(&["d"]))).await.len() as u64;
    for seq in first[0].stamp.seq + 1..=first[0].stamp.seq + count {
        let stamp = loop {
            // What others tell may take another way, and come whenever it likes.
            let message = next(&mut *feed).await;
            if message.partition == first[0].partition {
                break message.stamp;
            }
        };
        assert_eq!(stamp.seq, seq);
    }
}

/// Not even where one is named like the beginning of the other.
pub async fn two_namespaces_are_not_told_of_each_other(store: &dyn Store) {
    let space = Space::new(store);
    let longer = Space::named(store, format!("{}:", space.namespace));
    let Some(mut feed) = space.listen().await else { return };
    let others = longer.bump(&["d"]).await;
    let own = space.bump(&["d"]).await;
    loop {
        let message = next(&mut *feed).await;
        assert_ne!(message.stamp.epoch, others[0].stamp.epoch);
        if message.stamp == own[0].stamp {
            return;
        }
    }
}

/// As it was given, whatever it is made of.
pub async fn any_text_is_told(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    for name in ["", " ", "*", "1:d", "\0\r\n", "é🦀"] {
        let bumps = space.bump(&[name]).await;
        assert_eq!(heard(&mut *feed, &bumps).await[0].names, Some(vec![name.to_owned()]));
    }
}

/// A listener waits for other things as well, and lets go of the future each time.
pub async fn listeners_that_gave_up_waiting_miss_nothing(store: &dyn Store) {
    let space = Space::new(store);
    let Some(mut feed) = space.listen().await else { return };
    let mut last = space.bump(&["d"]).await[0];
    heard(&mut *feed, &[last]).await;
    for _ in 0..10 {
        give_up(&mut *feed).await;
        last = space.bump(&["d"]).await[0];
        heard(&mut *feed, &[last]).await;
    }
}

impl Space<'_> {
    /// Listens, once the namespace has a history: its beginning may be told as well.
    async fn listen(&self) -> Option<Box<dyn Feed>> {
        let bus = self.store.bus()?;
        self.bump(&["d", "e", "k"]).await;
        Some(bus.listen(&self.namespace).await.expect("the store tells of its steps"))
    }
}

/// The messages of these steps, in the order in which they come.
async fn heard(feed: &mut dyn Feed, bumps: &[Bump]) -> Vec<Message> {
    let mut found = Vec::new();
    while found.len() < bumps.len() {
        let message = next(feed).await;
        if bumps.contains(&Bump { partition: message.partition, stamp: message.stamp }) {
            found.push(message);
        }
    }
    found
}

/// Waits for nothing, and lets go of the future while it waits. What was told before the listener came may still come.
async fn give_up(feed: &mut dyn Feed) {
    while let Ok(stray) = tokio::time::timeout(Duration::ZERO, feed.next()).await {
        stray.expect("the connection holds");
    }
}

async fn next(feed: &mut dyn Feed) -> Message {
    loop {
        let heard = tokio::time::timeout(Duration::from_secs(20), feed.next()).await;
        match heard.expect("something is told within 20 s").expect("the connection holds") {
            Heard::Step(message) => return message,
            // Some stores tell of more than steps.
            Heard::Changed { .. } | Heard::Flushed => {}
            heard => panic!("what a store tells of a step is a message: {heard:?}"),
        }
    }
}
