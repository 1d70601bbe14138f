//! What every store has to do, a sentence a check. [`store_suite!`](crate::store_suite) makes them the tests of a store.
//!
//! Each check works in a namespace of its own, so that one server serves them all at once. They poll where something has
//! to expire, hence the store has to live by the real time.

pub mod announcements;
pub mod holders;
pub mod invalidations;
pub mod leases;
pub mod loads;
pub mod messages;
pub mod names;
pub mod removals;
pub mod searches;
mod waiting;

use super::{Announce, Begin, Begun, Bump, Commit, Put, Read, Removal, Settle, Snapshot, Store, Verdict, Want};
use crate::key::{Dependency, Key};
use crate::stamp::{Partition, Stamp, random_name};
use std::future::Future;
use waiting::{eventually, together};

/// Makes the tests of a store, one for each sentence of the contract.
///
/// It is given a future of a new [`Store`](crate::store::Store), evaluated once a test. Two tests may run at once.
/// `in_turn` before it makes one test of all sentences, for a store that is slow to set up.
///
/// ```
/// mod memory {
///     use cache_runtime::store::MemoryStore;
///
///     cache_runtime::store_suite!(async { MemoryStore::new() });
/// }
/// ```
#[macro_export]
macro_rules! store_suite {
    (in_turn $make:expr) => {
        #[test]
        fn every_sentence_in_turn() {
            $crate::store::conformance::run(async {
                let store = $make.await;
                $crate::store_suite! { @all in_turn store }
            });
        }
    };
    ($make:expr) => {
        $crate::store_suite! { @all each $make }
    };
    (@all $form:ident $make:expr) => {
        $crate::store_suite! { @$form loads $make =>
            nothing_is_read_where_nothing_was_stored
            a_committed_entry_is_read_back_and_valid
            an_entry_that_depends_on_nothing_is_valid
            a_head_is_the_first_bytes_of_an_entry
            several_are_read_as_each_of_them_is
            a_megabyte_comes_back_as_it_was
            loads_of_one_key_share_its_fence
            an_entry_expires
            a_load_that_took_too_long_is_refused
            a_fence_lives_as_long_as_the_longest_load
            stamps_are_printed_and_parsed
        }
        $crate::store_suite! { @$form invalidations $make =>
            a_bump_refuses_the_loads_begun_before_it
            a_bump_ends_the_entries_stored_before_it
            a_bump_of_another_dependency_refuses_nothing
            a_load_begun_after_a_bump_is_valid
            a_bump_of_one_of_many_dependencies_refuses
            seqs_are_compared_as_numbers
            concurrent_bumps_have_distinct_and_increasing_seqs
            a_bump_makes_no_generation
            a_bump_prolongs_no_generation
            a_load_that_lost_a_generation_is_refused
            a_load_from_before_a_lost_bump_is_refused
            an_entry_that_lost_a_generation_is_not_valid
            a_generation_lives_as_long_as_the_longest_wish
            clearing_ends_entries_and_refuses_loads
            clearing_begins_another_epoch
        }
        $crate::store_suite! { @$form removals $make =>
            a_removal_says_how_much_existed
            a_removed_entry_is_gone
            a_removal_refuses_the_loads_under_way
            a_put_is_read_back_and_valid
            a_put_replaces_what_is_there
            a_put_refuses_the_loads_under_way
            a_put_by_a_fence_that_has_fallen_removes_what_is_there
            an_entry_that_was_put_expires
            removals_and_puts_step_the_seq
        }
        $crate::store_suite! { @$form announcements $make =>
            what_is_announced_is_not_valid_and_not_kept
            a_load_begun_before_an_announcement_is_refused
            an_announcement_of_another_dependency_refuses_nothing
            a_settled_announcement_lets_loads_be_kept_again
            settling_withdraws_only_ones_own
            settling_what_was_not_announced_is_a_bump
            an_announcement_ends_by_itself
            announcements_and_settlements_step_the_seq
            positions_are_where_the_steps_led
        }
        $crate::store_suite! { @$form leases $make =>
            a_lease_is_taken_by_one
            a_load_without_a_lease_is_kept_from_nothing
            a_holder_that_begins_again_still_has_its_lease
            a_lease_runs_out
            who_takes_a_lease_is_told_of_the_entry
            only_its_holder_extends_a_lease
            a_lease_that_was_lost_is_not_extended
            only_its_holder_gives_a_lease_back
            those_who_wait_are_told
            what_is_not_given_back_is_not_told
            a_lease_of_any_text_is_told
            leases_of_two_namespaces_do_not_touch
            a_lease_touches_nothing_else_of_its_name
        }
        $crate::store_suite! { @$form holders $make =>
            a_load_that_lost_its_lease_is_refused
            so_is_one_whose_lease_nobody_has
            a_load_that_is_kept_gives_its_lease_back
            a_load_that_is_refused_keeps_its_lease
            a_load_without_the_lease_is_kept_and_leaves_it_alone
            a_removal_and_a_put_leave_the_lease_alone
            a_lease_outlives_the_epoch
            a_dirty_load_takes_no_lease
        }
        $crate::store_suite! { @$form messages $make =>
            a_bump_is_told
            a_removal_is_told_by_its_key
            a_put_is_told
            announcements_and_settlements_are_told
            clearing_is_told_as_another_epoch
            doubt_is_told_without_names
            messages_come_in_the_order_of_their_steps
            two_namespaces_are_not_told_of_each_other
            any_text_is_told
            listeners_that_gave_up_waiting_miss_nothing
        }
        $crate::store_suite! { @$form searches $make =>
            all_that_is_there_is_found
            nothing_of_another_namespace_is_found
            any_text_is_searched_for
            doubt_steps_every_seq_and_invalidates_nothing
        }
        $crate::store_suite! { @$form names $make =>
            two_namespaces_do_not_touch
            a_namespace_that_begins_like_another_is_another
            any_text_is_a_name
            any_text_is_a_namespace
            names_like_the_stores_own_are_just_names
            a_key_and_a_dependency_of_one_text_do_not_touch
        }
    };
    (@in_turn $part:ident $store:expr => $($sentence:ident)+) => {
        $(
            eprintln!(concat!(stringify!($part), "::", stringify!($sentence)));
            $crate::store::conformance::$part::$sentence(&$store).await;
        )+
    };
    (@each $part:ident $make:expr => $($sentence:ident)+) => {
        $(
            #[test]
            fn $sentence() {
                $crate::store::conformance::run(async {
                    let store = $make.await;
                    $crate::store::conformance::$part::$sentence(&store).await;
                });
            }
        )+
    };
}

/// Runs a future to its end on a runtime of its own.
///
/// # Panics
/// If the system does not let it make one.
pub fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(future)
}

/// Long enough for whatever a check does.
const LONG_MS: u64 = 600_000;
/// Soon over.
const SHORT_MS: u64 = 20;

/// A store with a namespace that nothing else uses.
struct Space<'a> {
    store: &'a dyn Store,
    namespace: String,
}

impl<'a> Space<'a> {
    fn new(store: &'a dyn Store) -> Self {
        Self::named(store, format!("suite-{:016x}", random_name()))
    }

    fn named(store: &'a dyn Store, namespace: String) -> Self {
        Self { store, namespace }
    }

    fn call(&self, key: &str, dependencies: &[&str]) -> Call<'_> {
        let name = |text: &str| Key::new(&self.namespace, text.to_owned(), usize::MAX);
        Call { space: self, key: name(key), dependencies: dependencies.iter().map(|text| name(text)).collect() }
    }

    async fn bump(&self, dependencies: &[&str]) -> Vec<Bump> {
        let names: Vec<Dependency> = self.call("", dependencies).dependencies;
        self.store.bump(&self.namespace, &names).await.expect("the store bumps")
    }

    async fn remove(&self, keys: &[&str]) -> Removal {
        let names: Vec<Key> = self.call("", keys).dependencies;
        self.store.remove(&self.namespace, &names).await.expect("the store removes")
    }

    async fn announce(&self, dependencies: &[&str], writer: u64, life_ms: u64) -> Vec<Bump> {
        let dependencies: &[Dependency] = &self.call("", dependencies).dependencies;
        let announce = Announce { dependencies, writer, life_ms };
        self.store.announce(&self.namespace, announce).await.expect("the store announces")
    }

    async fn settle(&self, dependencies: &[&str], writer: u64) -> Vec<Bump> {
        let dependencies: &[Dependency] = &self.call("", dependencies).dependencies;
        self.store.settle(&self.namespace, Settle { dependencies, writer }).await.expect("the store settles")
    }

    async fn clear(&self) -> Vec<Bump> {
        self.store.clear(&self.namespace).await.expect("the store clears")
    }
}

/// A cached call: its key and what it depends on.
struct Call<'a> {
    space: &'a Space<'a>,
    key: Key,
    dependencies: Vec<Dependency>,
}

impl Call<'_> {
    async fn begin(&self) -> Begun {
        self.begin_for(LONG_MS, LONG_MS).await
    }

    async fn begin_for(&self, generation_life_ms: u64, fence_life_ms: u64) -> Begun {
        let begin = Begin {
            key: &self.key,
            dependencies: &self.dependencies,
            generation_life_ms,
            fence_life_ms,
            lease: None,
            head: 0,
        };
        self.space.store.begin(&self.space.namespace, begin).await.expect("the store begins a load")
    }

    async fn commit(&self, begun: &Begun, bytes: &[u8]) -> Verdict {
        self.commit_for(begun, bytes, LONG_MS).await
    }

    async fn commit_for(&self, begun: &Begun, bytes: &[u8], life_ms: u64) -> Verdict {
        let commit = Commit { key: &self.key, dependencies: &self.dependencies, begun, bytes, life_ms, holder: None };
        self.space.store.commit(&self.space.namespace, commit).await.expect("the store decides on a load")
    }

    /// Loads and stores, undisturbed.
    async fn store(&self, bytes: &[u8]) -> Begun {
        let begun = self.begin().await;
        assert_eq!(self.commit(&begun, bytes).await, Verdict::Stored);
        begun
    }

    async fn put(&self, bytes: &[u8], life_ms: u64) -> Bump {
        self.put_by(None, bytes, life_ms).await
    }

    async fn put_by(&self, fence: Option<u64>, bytes: &[u8], life_ms: u64) -> Bump {
        let put = Put { key: &self.key, bytes, life_ms, fence };
        self.space.store.put(&self.space.namespace, put).await.expect("the store puts")
    }

    async fn read(&self) -> Snapshot {
        self.look(Want::Whole).await
    }

    async fn look(&self, want: Want) -> Snapshot {
        self.space.store.read(&self.space.namespace, self.question(want)).await.expect("the store reads")
    }

    fn question(&self, want: Want) -> Read<'_> {
        Read { key: &self.key, dependencies: &self.dependencies, want }
    }

    async fn entry(&self) -> Option<Vec<u8>> {
        self.read().await.entry.map(|bytes| bytes.to_vec())
    }

    /// Whether there is an entry and one with these stamps is valid: section 3 of the protocol.
    async fn is_valid(&self, begun: &Begun) -> bool {
        let snapshot = self.read().await;
        let stamp_of =
            |partition: Partition| begun.stamps.iter().find(|(of, _)| *of == partition).map(|(_, stamp)| *stamp);
        let same_epoch = |(partition, stamp): &(Partition, Stamp)| {
            snapshot
                .partitions
                .iter()
                .any(|(of, now)| of == partition && now.is_some_and(|now| now.epoch == stamp.epoch))
        };
        let covered = |(of, generation): (&Dependency, &Option<Stamp>)| {
            let stamp = stamp_of(of.partition(self.space.store.partitions()));
            generation.zip(stamp).is_some_and(|(generation, stamp)| stamp.covers(generation))
        };
        assert_eq!(
            snapshot.generations.len(),
            self.dependencies.len(),
            "a generation for each dependency, in their order"
        );
        snapshot.entry.is_some()
            && begun.stamps.iter().all(same_epoch)
            && self.dependencies.iter().zip(&snapshot.generations).all(covered)
    }

    /// Whether a load ends without a valid entry: refused at once, or dead on arrival where a partition checks only its own.
    async fn is_refused(&self, begun: &Begun) -> bool {
        let verdict = self.commit(begun, b"late").await;
        assert!(
            verdict != Verdict::Stored || self.space.store.partitions() > 1,
            "one partition can check all of a load"
        );
        !self.is_valid(begun).await
    }
}
