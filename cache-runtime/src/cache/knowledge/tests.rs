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

fn listening(seq: u64) -> Knowledge {
    let knowledge = known(seq);
    knowledge.set_listening(true);
    knowledge
}

#[test]
fn messages_in_their_order_leave_other_entries_sure() {
    let knowledge = listening(3);
    let old = knowledge.now();
    assert!(!knowledge.hear(at(4), true, DELTA_MS, |_| ()));
    assert!(!knowledge.hear(at(4), true, DELTA_MS, |_| ()), "twice");
    assert!(!knowledge.hear(at(5), true, DELTA_MS, |_| ()));
    assert_eq!((knowledge.trust(old, 2), knowledge.now().seq()), (Trust::Sure, 5));
}

#[test]
fn a_missing_message_and_one_without_names_raise_the_floor() {
    for (seq, is_listed) in [(5, true), (4, false)] {
        let knowledge = listening(3);
        let old = knowledge.now();
        assert_eq!(knowledge.hear(at(seq), is_listed, DELTA_MS, |_| ()), is_listed, "a gap is one that nobody meant");
        assert_eq!(knowledge.trust(old, 2), Trust::Doubtful);
    }
}

#[test]
fn an_answer_ahead_of_the_messages_renews_the_lease_when_they_have_come() {
    let knowledge = listening(3);
    let old = knowledge.now();
    let departure = knowledge.depart(500);
    knowledge.observe(at(5), departure, DELTA_MS);
    assert_eq!(knowledge.trust(old, 1_000), Trust::Doubtful, "not renewed yet");
    knowledge.hear(at(4), true, DELTA_MS, |_| ());
    assert_eq!(knowledge.trust(old, 1_000), Trust::Doubtful);
    knowledge.hear(at(5), true, DELTA_MS, |_| ());
    assert_eq!(knowledge.trust(old, 1_499), Trust::Sure);
}

#[test]
fn a_message_that_has_not_come_by_the_next_heartbeat_was_lost() {
    let knowledge = listening(3);
    let old = knowledge.now();
    knowledge.observe(at(4), knowledge.depart(100), DELTA_MS);
    assert!(knowledge.needs_heartbeat());
    assert!(knowledge.beat(at(4), knowledge.depart(350), DELTA_MS));
    assert_eq!(knowledge.trust(old, 400), Trust::Doubtful);
    assert_eq!(knowledge.trust(knowledge.now(), 1_349), Trust::Sure);
}

#[test]
fn nothing_is_asked_for_that_nobody_relied_on() {
    let knowledge = listening(3);
    assert!(!knowledge.needs_heartbeat());
    knowledge.trust(knowledge.now(), 1);
    assert!(knowledge.needs_heartbeat());
    assert!(!knowledge.needs_heartbeat());
}

#[test]
fn a_message_of_another_epoch_ends_the_lease_and_older_answers_do_not_bring_it_back() {
    let knowledge = listening(3);
    let read = knowledge.depart(1);
    knowledge.hear(Stamp { epoch: 8, seq: 1 }, true, DELTA_MS, |_| ());
    let mark = knowledge.observe(at(3), read, DELTA_MS).expect("of the known epoch");
    assert_eq!(knowledge.trust(mark, 2), Trust::Doubtful);
    let mark = knowledge.observe(at(3), knowledge.depart(3), DELTA_MS).expect("it was an old message");
    assert_eq!(knowledge.trust(mark, 4), Trust::Sure);
}

#[test]
fn a_server_that_went_back_ends_all_that_was_known() {
    let knowledge = known(900);
    let old = knowledge.now();
    let mark = knowledge.observe(at(2), knowledge.depart(1), DELTA_MS).expect("it is the truth now");
    assert_eq!((knowledge.trust(old, 2), knowledge.trust(mark, 2)), (Trust::Lost, Trust::Sure));
    assert_eq!(knowledge.histories_lost(), 1, "that the first was learned is no loss");
}

#[test]
fn a_message_from_far_ahead_is_found_out_by_the_next_answer() {
    let knowledge = listening(3);
    knowledge.hear(at(1 << 39), true, DELTA_MS, |_| ());
    let mark = knowledge.observe(at(3), knowledge.depart(1), DELTA_MS).expect("it is the truth");
    assert_eq!((knowledge.trust(mark, 2), knowledge.now().seq()), (Trust::Sure, 3));
}

#[test]
fn own_bumps_ahead_of_messages_that_do_not_come_are_not_kept_for_ever() {
    let knowledge = listening(3);
    for seq in 0..5_000 {
        let departure = knowledge.depart_bump(1);
        knowledge.bumped(at(5 + seq), departure, DELTA_MS);
    }
    assert!(knowledge.now().seq() > 4_000, "{:?}", knowledge.now());
}

#[test]
fn the_cells_of_a_step_have_been_raised_if_it_was_own_or_heard_and_not_if_it_was_caught_up_with() {
    let knowledge = known(3);
    knowledge.set_listening(true);
    assert!(!knowledge.has_raised_for(at(4)));
    let own = knowledge.depart_bump(1);
    knowledge.bumped(at(4), own, DELTA_MS);
    assert!(knowledge.has_raised_for(at(4)) && !knowledge.has_raised_for(Stamp { epoch: 8, seq: 4 }));
    knowledge.hear(at(5), true, DELTA_MS, |_| {});
    assert!(knowledge.has_raised_for(at(5)));
    // Six was missed.
    knowledge.hear(at(7), true, DELTA_MS, |_| {});
    assert!(!knowledge.has_raised_for(at(6)));
    let own = knowledge.depart_bump(1);
    knowledge.bumped(at(8), own, DELTA_MS);
    assert!(knowledge.has_raised_for(at(8)));
    knowledge.depart_bump(1);
    knowledge.bump_lost();
    assert!(!knowledge.has_raised_for(at(8)), "what is known was forgotten");
}
