//! Commands by topic: one admitted record each, in order, once for ever.

use super::bench::{Bench, Told, command, put, raw_command, take};
use crate::jar::Empty;
use crate::record::{Entry, Outcome, header};
use crate::{Offset, Verdict};

fn outcomes(bench: &Bench) -> Vec<Outcome> {
    let settled = |entry: Entry| match entry {
        Entry::Settled(_, settled) => Some(settled.outcome),
        Entry::Event(_) | Entry::Mark(_) => None,
    };
    bench.admitted().into_iter().filter_map(settled).collect()
}

#[test]
fn every_new_command_ends_in_exactly_one_admitted_record() {
    let mut bench = Bench::serving();
    bench.commands([
        command(0, "a", 1, Some(0), put(1)),
        command(1, "a", 2, Some(0), take(5)),
        command(2, "b", 3, Some(0), Empty {}),
    ]);
    bench.settle();
    assert_eq!(bench.types(), ["jar.put.v1", "log.settled.v1", "log.settled.v1"]);
    let refused = Outcome::Refused { code: "too_few".into(), detail: "1 are there".into() };
    assert_eq!(outcomes(&bench), [refused, Outcome::Unchanged { event: None }]);
}

#[test]
fn what_changed_nothing_names_the_event_that_it_was_decided_on_although_that_is_under_way() {
    let mut bench = Bench::serving();
    bench.request(1, "b", put(1));
    bench.settle();
    bench.commands([
        command(0, "a", 1, Some(0), put(1)),
        command(1, "a", 2, Some(0), take(1)),
        command(2, "a", 3, Some(0), Empty {}),
        command(3, "b", 4, Some(0), take(1)),
        command(4, "b", 5, Some(0), Empty {}),
    ]);
    assert_eq!(bench.under_way.len(), 5, "all of them at once");
    bench.settle();
    let ids: Vec<_> = bench.admitted().iter().map(|entry| entry.envelope().id).collect();
    let events = [Some(ids[2]), Some(ids[4])];
    assert_eq!(outcomes(&bench), events.map(|event| Outcome::Unchanged { event }));
    // With nothing under way it is the confirmed one.
    bench.commands([command(5, "a", 6, Some(0), Empty {})]);
    bench.settle();
    assert_eq!(outcomes(&bench)[2], Outcome::Unchanged { event: Some(ids[2]) });
}

#[test]
fn one_record_may_end_a_run_and_lists_each() {
    let mut bench = Bench::serving();
    bench.commands((0..5).map(|n| command(n, "a", n, Some(0), put(1))));
    bench.settle();
    assert_eq!(bench.types(), ["jar.put.v1"]);
    assert_eq!((bench.sweets("a"), bench.admitted()[0].envelope().ends.len()), (5, 5));
    // A new owner that reads the commands again finds each of them ended.
    let mut next = Bench::on(&bench.log, 2);
    next.take_over();
    next.commands((5..10).map(|n| command(n, "a", n - 5, Some(0), put(1))));
    next.settle();
    assert_eq!(next.sweets("a"), 5);
}

#[test]
fn a_run_ends_where_the_next_command_is_for_another_or_cannot_join() {
    let mut bench = Bench::serving();
    bench.commands([
        command(0, "a", 1, Some(0), put(1)),
        command(1, "a", 2, Some(0), put(1)),
        command(2, "b", 3, Some(0), put(1)),
        command(3, "a", 4, Some(0), take(1)),
    ]);
    bench.settle();
    assert_eq!(bench.types(), ["jar.put.v1", "jar.put.v1", "jar.taken.v1"]);
}

#[test]
fn the_same_command_twice_in_one_run_counts_once() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "a", 1, Some(0), put(1)), command(1, "a", 1, Some(0), put(1))]);
    bench.settle();
    assert_eq!(bench.sweets("a"), 1);
}

#[test]
fn a_repeat_needs_no_record_and_causes_nothing() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "a", 7, Some(0), put(1))]);
    bench.settle();
    bench.commands([command(1, "a", 7, Some(0), put(1))]);
    bench.settle();
    assert_eq!((bench.sweets("a"), bench.types().len()), (1, 1));
}

#[test]
fn whatever_comes_from_below_the_floor_is_a_repeat_for_ever() {
    let mut bench = Bench::serving();
    // The second one carries a floor above the first one's cause: its id is forgotten.
    bench.commands([command(0, "a", 7, Some(0), put(1)), command(1, "b", 20, Some(8), put(1))]);
    bench.settle();
    assert_eq!(bench.owner.fold().windows.ids(), 1);
    let mut next = Bench::on(&bench.log, 2);
    next.take_over();
    next.commands([command(2, "a", 7, Some(0), put(1)), command(3, "a", 3, Some(0), put(1))]);
    next.settle();
    assert_eq!((next.sweets("a"), next.types().len()), (1, 2));
}

#[test]
fn a_lower_floor_that_comes_later_takes_nothing_back() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "a", 20, Some(10), put(1)), command(1, "b", 21, Some(2), put(1))]);
    bench.settle();
    bench.commands([command(2, "a", 9, Some(0), put(1))]);
    bench.settle();
    assert_eq!(bench.sweets("a"), 1);
}

#[test]
fn a_command_without_a_floor_is_remembered_by_its_id() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "a", 7, None, put(1)), command(1, "b", 8, None, put(1))]);
    bench.settle();
    bench.commands([command(2, "a", 7, None, put(1))]);
    bench.settle();
    assert_eq!((bench.sweets("a"), bench.sweets("b")), (1, 1));
}

#[test]
fn the_same_id_with_another_body_is_a_conflict() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "a", 7, Some(0), put(1))]);
    bench.settle();
    bench.commands([command(1, "a", 7, Some(0), put(2))]);
    bench.settle();
    assert_eq!((bench.sweets("a"), outcomes(&bench)), (1, vec![Outcome::Conflict]));
}

#[test]
fn a_new_owner_resumes_from_the_last_admitted_inbox() {
    let mut bench = Bench::serving();
    bench.commands([command(4, "a", 7, Some(0), put(1))]);
    bench.settle();
    let mut next = Bench::on(&bench.log, 2);
    next.take_over();
    assert_eq!(next.owner.fold().inbox.map(|inbox| inbox.next), Some(Offset(5)));
    // Even under another id, what stands before the inbox has ended.
    next.commands([command(4, "a", 70, Some(0), put(1)), command(5, "a", 8, Some(0), take(1))]);
    next.settle();
    assert_eq!(next.sweets("a"), 0);
}

#[test]
fn commands_under_way_when_superseded_are_left_to_the_new_owner() {
    let mut old = Bench::serving();
    old.commands([command(0, "a", 7, Some(0), put(1))]);
    let mut new = Bench::on(&old.log, 2);
    new.take_over();
    new.commands([command(0, "a", 7, Some(0), put(1))]);
    new.settle();
    old.settle();
    old.claim();
    old.settle();
    old.commands([command(1, "a", 8, Some(0), put(1))]);
    old.settle();
    assert_eq!(old.sweets("a"), 2);
}

#[test]
fn commands_under_way_when_the_claim_failed_are_decided_again() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "a", 7, Some(0), put(1)), command(1, "b", 8, Some(0), put(1))]);
    let (_, appended) = bench.under_way.remove(0);
    bench.owner.delivery_failed(appended);
    bench.perform();
    bench.claim();
    bench.settle();
    assert_eq!((bench.sweets("a"), bench.sweets("b")), (1, 1));
}

#[test]
fn a_long_run_of_repeats_is_carried_past_by_a_mark() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "a", 7, Some(0), put(1))]);
    bench.settle();
    bench.commands((1..=1_001).map(|n| command(n, "a", 7, Some(0), put(1))));
    bench.settle();
    assert_eq!(bench.types(), ["jar.put.v1", "log.mark.v1"]);
    assert_eq!(bench.owner.fold().inbox.map(|inbox| inbox.next), Some(Offset(1_002)));
}

#[test]
fn a_command_that_cannot_be_read_is_dead_lettered_first_then_settled_and_holds_the_inbox() {
    let mut bench = Bench::serving();
    bench.commands([
        raw_command(0, "a", [(header::TYPE, "jar.paint".to_owned())], b"garbage".to_vec()),
        command(1, "a", 8, Some(0), put(1)),
    ]);
    bench.request(1, "b", put(1));
    bench.settle();
    assert_eq!(bench.letters.len(), 1);
    assert_eq!(bench.types(), ["jar.put.v1"], "a request passes it, the next command waits");
    bench.owner.dead_lettered(Offset(0), bench.now);
    bench.perform();
    bench.settle();
    assert_eq!(bench.types(), ["jar.put.v1", "log.settled.v1", "jar.put.v1"]);
    assert_eq!((bench.letters.len(), bench.sweets("a")), (1, 1));
}

#[test]
fn requests_pass_a_command_that_holds_the_inbox_and_do_not_carry_the_inbox_past_it() {
    let mut bench = Bench::serving();
    bench.commands([
        command(0, "a", 7, Some(0), put(1)),
        raw_command(1, "a", [(header::TYPE, "jar.paint".to_owned())], b"garbage".to_vec()),
        command(2, "a", 8, Some(0), put(1)),
    ]);
    for ticket in 1..=3 {
        bench.request(ticket, "b", put(1));
        bench.settle();
        assert_eq!(bench.answers[&ticket], Told::Done { sweets: ticket, version: u64::from(ticket) });
    }
    assert_eq!(bench.owner.fold().inbox.map(|inbox| inbox.next), Some(Offset(1)), "the held one has not ended");
    // A new owner finds it there, and what stands behind it.
    let mut next = Bench::on(&bench.log, 2);
    next.take_over();
    next.commands([
        raw_command(1, "a", [(header::TYPE, "jar.paint".to_owned())], b"garbage".to_vec()),
        command(2, "a", 8, Some(0), put(1)),
    ]);
    next.owner.dead_lettered(Offset(1), next.now);
    next.perform();
    next.settle();
    assert_eq!((next.letters.len(), next.sweets("a"), next.sweets("b")), (1, 2, 3));
}

#[test]
fn a_dead_letter_that_could_not_be_written_is_written_again() {
    let mut bench = Bench::serving();
    bench.commands([raw_command(0, "a", [], b"garbage".to_vec())]);
    bench.owner.dead_letter_failed(Offset(0));
    bench.perform();
    assert_eq!(bench.letters.len(), 1, "not at once: that would be a loop");
    bench.owner.tick(bench.now);
    bench.perform();
    assert_eq!(bench.letters.len(), 2);
}

#[test]
fn a_log_copied_record_by_record_folds_to_the_same() {
    let mut bench = Bench::serving();
    bench.commands((0..20).map(|n| command(n, "a", n, Some(n / 2), put(1))));
    bench.settle();
    let mut copy = crate::fold::Fold::<crate::jar::Jar>::default();
    for record in bench.log.borrow().iter() {
        assert!(copy.fold(record).is_ok());
    }
    let original = bench.owner.fold();
    assert_eq!((copy.inbox, &copy.windows, &copy.position), (original.inbox, &original.windows, &original.position));
    let mut position = crate::StoredPosition::default();
    assert!(bench.log.borrow().iter().all(|record| !matches!(position.pass(record), Verdict::Void(_))));
}
