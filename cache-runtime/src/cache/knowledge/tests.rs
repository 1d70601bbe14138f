use super::*;

const DELTA_MS: u64 = 1_000;

fn at(seq: u64) -> Stamp {
    Stamp { epoch: 7, seq }
}

fn known(seq: u64) -> Knowledge {
    let knowledge = Knowledge::new(Partition(0));
    let departure = knowledge.depart(0);
    knowledge.observe(at(seq), departure, DELTA_MS);
    knowledge
}

#[test]
fn an_entry_is_sure_until_the_lease_ends() {
    let knowledge = known(3);
    let mark = knowledge.now();
    assert_eq!(knowledge.trust(mark, 999), Trust::Sure);
    assert_eq!(knowledge.trust(mark, 1_000), Trust::Doubtful);
}

#[test]
fn the_lease_counts_from_the_request() {
    let knowledge = known(3);
    let departure = knowledge.depart(500);
    knowledge.observe(at(3), departure, DELTA_MS);
    assert_eq!(knowledge.trust(knowledge.now(), 1_499), Trust::Sure);
    assert_eq!(knowledge.trust(knowledge.now(), 1_500), Trust::Doubtful);
}

#[test]
fn a_bump_nobody_told_of_raises_the_floor() {
    let knowledge = known(3);
    let old = knowledge.now();
    let departure = knowledge.depart(1);
    knowledge.observe(at(4), departure, DELTA_MS);
    assert_eq!(knowledge.trust(old, 2), Trust::Doubtful);
    assert_eq!(knowledge.trust(knowledge.now(), 2), Trust::Sure);
}

#[test]
fn own_bumps_leave_other_entries_sure_in_whatever_order_they_are_answered() {
    let knowledge = known(3);
    let old = knowledge.now();
    let (first, second) = (knowledge.depart_bump(1), knowledge.depart_bump(1));
    let read = knowledge.depart(1);
    knowledge.bumped(at(5), second, DELTA_MS);
    knowledge.observe(at(5), read, DELTA_MS);
    knowledge.bumped(at(4), first, DELTA_MS);
    assert_eq!(knowledge.trust(old, 2), Trust::Sure);
    assert_eq!(knowledge.now().seq(), 5);
}

#[test]
fn a_bump_of_another_between_own_ones_is_noticed() {
    let knowledge = known(3);
    let old = knowledge.now();
    let departure = knowledge.depart_bump(1);
    knowledge.bumped(at(5), departure, DELTA_MS);
    assert_eq!(knowledge.trust(old, 2), Trust::Doubtful);
}

#[test]
fn another_epoch_ends_all_that_was_known() {
    let knowledge = known(900);
    let old = knowledge.now();
    let departure = knowledge.depart(1);
    let mark = knowledge.observe(Stamp { epoch: 8, seq: 0 }, departure, DELTA_MS).expect("a newer answer");
    assert!(mark > old, "marks of the new epoch are larger, though its seq is smaller");
    assert_eq!(knowledge.trust(old, 2), Trust::Lost);
    assert_eq!(knowledge.trust(mark, 2), Trust::Sure);
}

#[test]
fn a_late_answer_does_not_bring_an_old_epoch_back() {
    let knowledge = known(3);
    let (early, late) = (knowledge.depart(1), knowledge.depart(1));
    knowledge.observe(Stamp { epoch: 8, seq: 0 }, late, DELTA_MS);
    assert_eq!(knowledge.observe(at(3), early, DELTA_MS), None);
}

#[test]
fn a_bump_without_an_answer_ends_all_that_was_known() {
    let knowledge = known(3);
    let old = knowledge.now();
    let read = knowledge.depart(1);
    knowledge.depart_bump(1);
    knowledge.bump_lost();
    assert_eq!(knowledge.trust(old, 2), Trust::Lost);
    assert_eq!(knowledge.observe(at(3), read, DELTA_MS), None, "it may have read what the bump ended");
}
