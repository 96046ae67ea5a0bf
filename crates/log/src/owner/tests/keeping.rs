//! Rule 8: what an owner keeps locally is disposable. Kept or folded, in memory or not: it is the same; and what is
//! not the same is noticed.

use super::bench::{Bench, Log, Told, at, command, put, take};
use super::owners::Dice;
use super::shelf::Shelf;
use crate::fold::{Changes, Fold};
use crate::jar::{Empty, Jar, Put};
use crate::owner::Phase;
use crate::{CommandId, Offset};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use tillroll_kafka::Record;
use uuid::Uuid;

const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const STEPS: u32 = 120;

/// One thing that happens; what it is does not depend on the owner.
fn act(dice: &mut Dice, bench: &mut Bench, step: u32, commands: &mut i64) {
    let key = KEYS[dice.roll(KEYS.len() as u64) as usize];
    let (what, amount) = (dice.roll(12), dice.roll(3) as u32 + 1);
    match what {
        0 | 1 => bench.request(step, key, put(amount)),
        2 | 3 => bench.request(step, key, take(amount)),
        4 => {
            let look_by = Some(bench.now + chrono::TimeDelta::seconds(i64::from(amount)));
            bench.request(step, key, Put { sweets: amount, look_by });
        }
        5 => {
            // A client repeats an earlier command, with the same or another body.
            let body: &[u8] = if amount == 1 { b"other" } else { b"body" };
            bench.request_as(step, key, Some(put(1).into()), dice.roll(u64::from(step) + 1).into(), body, None);
        }
        6 => {
            let cause = (*commands - i64::from(amount) + 1).max(0);
            bench.commands([command(*commands, key, cause, Some(cause / 2), put(amount))]);
            *commands += 1;
        }
        7 => {
            bench.now += chrono::TimeDelta::seconds(1);
            bench.owner.tick(bench.now);
            bench.perform();
            if std::mem::take(&mut bench.probes) > 0 {
                bench.owner.commands_end(Offset(*commands), bench.now);
                bench.perform();
            }
        }
        8 => bench.request(step, key, Empty {}),
        9 => bench.keep(),
        _ => bench.settle(),
    }
}

/// Runs a history on the owner and gives what the clients were told.
fn run(seed: u64, mut bench: Bench) -> Bench {
    bench.take_over();
    let (mut dice, mut commands) = (Dice(seed), 0);
    (0..STEPS).for_each(|step| act(&mut dice, &mut bench, step, &mut commands));
    bench.settle();
    bench
}

/// A log with events of several aggregates, repeats, refusals, topic commands and fired deadlines.
pub(crate) fn history(seed: u64) -> Vec<Record> {
    run(seed, Bench::fresh()).log.borrow().clone()
}

/// Everything that a fold knows.
#[track_caller]
pub(crate) fn assert_same(mut kept: Fold<Jar>, plain: &Fold<Jar>) {
    assert_eq!((&kept.position, &kept.claim, kept.inbox), (&plain.position, &plain.claim, plain.inbox));
    assert_eq!((&kept.windows, kept.len()), (&plain.windows, plain.len()));
    let due = |fold: &Fold<Jar>| fold.due(at(1_000_000)).cloned().collect::<Vec<_>>();
    assert_eq!(due(&kept), due(plain), "deadlines");
    for key in KEYS {
        kept.warm(key).unwrap();
        let slot = |fold: &Fold<Jar>| {
            let slot = fold.slot(key)?;
            Some((slot.state.clone(), slot.version, slot.last_event, slot.sources.clone()))
        };
        assert_eq!(slot(&kept), slot(plain), "{key}");
    }
    for id in (0..u128::from(STEPS)).map(|id| CommandId(Uuid::from_u128(id))) {
        assert_eq!(kept.seen(id).unwrap(), plain.seen(id).unwrap(), "{id}");
    }
}

/// Folds the log with a process that stores now and then, fails to, and dies now and then; `put` is one batch, and
/// `begin` gives the fold as it is stored.
pub(crate) fn fold_with_crashes(
    log: &[Record],
    dice: &mut Dice,
    put: impl Fn(Changes<Jar>),
    begin: impl Fn() -> Fold<Jar>,
) -> Fold<Jar> {
    let (mut fold, mut given_out) = (begin(), None);
    while let Some(record) = log.get(fold.position.next.0 as usize) {
        fold.fold(record).unwrap();
        match dice.roll(9) {
            0 | 1 => given_out = fold.changes().or(given_out),
            2 | 3 => {
                if let Some(changes) = given_out.take() {
                    put(changes);
                    fold.stored();
                }
            }
            4 => {
                if given_out.take().is_some() {
                    fold.not_stored();
                }
            }
            5 => {
                // Dies: before the batch, or right after it.
                given_out.take().filter(|_| dice.roll(2) == 0).into_iter().for_each(&put);
                fold = begin();
            }
            _ => fold.trim(|_| false),
        }
    }
    fold
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rule_8_a_restored_fold_and_the_rest_of_the_log_are_the_fold_of_the_log(seed in any::<u64>(), cache in 1usize..7) {
        let log = history(seed);
        let mut plain = Fold::<Jar>::default();
        log.iter().for_each(|record| _ = plain.fold(record).unwrap());
        let shelf = Arc::new(Shelf::default());
        let kept = fold_with_crashes(&log, &mut Dice(seed), |changes| shelf.put(changes), || shelf.fold(cache));
        assert_same(kept, &plain);
    }

    #[test]
    fn rule_8_a_cache_of_any_size_gives_the_same_answers_and_the_same_log(seed in any::<u64>(), cache in 1usize..7) {
        let all_in_memory = run(seed, Bench::fresh());
        let bounded = run(seed, Bench::over(&Log::default(), 1, &Arc::default(), cache));
        prop_assert_eq!(&bounded.answers, &all_in_memory.answers);
        let records = |bench: &Bench| bench.log.borrow().iter().map(|record| format!("{record:?}")).collect::<Vec<_>>();
        prop_assert_eq!(records(&bounded), records(&all_in_memory));
        prop_assert_eq!(bounded.distrusted, Vec::<String>::new());
        assert_same(bounded.owner.fold().clone(), all_in_memory.owner.fold());
    }
}

/// An owner over a shelf, with so many jars in memory, that has put a sweet into each of them.
fn filled(cache: usize) -> (Bench, Arc<Shelf>) {
    let shelf = Arc::new(Shelf::default());
    let mut bench = Bench::over(&Log::default(), 1, &shelf, cache);
    bench.take_over();
    for (ticket, key) in (0..).zip(KEYS) {
        bench.request(ticket, key, put(1));
        bench.settle();
    }
    (bench, shelf)
}

#[test]
fn rule_8_memory_is_bounded_and_what_is_under_way_or_not_stored_stays_in_it() {
    let (mut bench, shelf) = filled(2);
    bench.owner.trim();
    assert_eq!(bench.owner.fold().held(), KEYS.len(), "nothing is stored yet");
    bench.request(100, "c", put(5));
    bench.keep();
    bench.keep();
    assert_eq!(shelf.slots().len(), KEYS.len());
    assert!(bench.owner.fold().held() <= 2 + 1, "{}", bench.owner.fold().held());
    assert!(bench.owner.fold().slot("c").is_some(), "an event of it is under way");
    bench.settle();
    assert_eq!(bench.answers[&100], Told::Done { sweets: 6, version: 2 });
    bench.request(101, "a", take(2));
    bench.request(102, "b", take(1));
    bench.request_as(103, "d", Some(put(1).into()), 3, b"body", None);
    bench.settle();
    assert_eq!(bench.answers[&101], Told::TooFew { there: 1 }, "read again from where it is kept");
    assert_eq!(bench.answers[&102], Told::Done { sweets: 0, version: 2 });
    assert_eq!(bench.answers[&103], Told::Repeat { version: 1 }, "commands are known that are not in memory");
}

#[test]
fn rule_8_what_could_not_be_stored_is_given_out_again() {
    let (mut bench, shelf) = filled(1);
    assert!(bench.owner.changes().is_some());
    assert!(bench.owner.changes().is_none(), "one batch at a time");
    bench.owner.trim();
    assert_eq!(bench.owner.fold().held(), KEYS.len());
    bench.owner.stored(false);
    bench.keep();
    let mut restored = shelf.fold(1);
    assert_eq!(restored.position, bench.owner.fold().position);
    for (ticket, key) in (0..).zip(KEYS) {
        restored.warm(key).unwrap();
        assert!(restored.slot(key).is_some() && restored.seen(CommandId(Uuid::from_u128(ticket))).unwrap().is_some());
    }
}

#[test]
fn rule_8_a_version_that_does_not_follow_wipes_the_store_and_folds_from_the_topic() {
    let (mut bench, shelf) = filled(1);
    bench.keep();
    bench.request(100, "a", put(1));
    bench.settle();
    shelf.lose_an_event("a");
    let mut next = Bench::over(&bench.log, 2, &shelf, 1);
    next.take_over();
    assert_eq!(next.distrusted.len(), 1, "{:?}", next.distrusted);
    assert!(next.distrusted[0].contains("version 2 of a follows version 0"), "{:?}", next.distrusted);
    assert_eq!(next.alarms, []);
    let mut plain = Fold::<Jar>::default();
    bench.log.borrow().iter().for_each(|record| _ = plain.fold(record).unwrap());
    assert_same(next.owner.fold().clone(), &plain);
}

#[test]
fn a_version_that_does_not_follow_in_the_topic_itself_still_stops_the_partition() {
    let (mut bench, shelf) = filled(1);
    bench.keep();
    bench.request(100, "a", put(1));
    bench.settle();
    // The first event of the jar is not there for this build; an empty store is not to blame.
    let offset = bench.log.borrow().len() - 1;
    let last = bench.log.borrow()[offset].clone();
    let mut fold = Fold::<Jar>::over(Arc::new(Shelf::default()), 1);
    bench.log.borrow()[..1].iter().for_each(|record| _ = fold.fold(record).unwrap());
    assert!(!fold.is_restored() && shelf.fold(1).is_restored());
    assert!(fold.fold_admitted(&last).unwrap_err().to_string().contains("version 2 of a follows version 0"));
}

#[test]
fn rule_8_a_store_that_cannot_be_read_costs_a_fold_and_no_answer() {
    let (mut bench, shelf) = filled(1);
    bench.keep();
    bench.request(100, "f", put(1));
    shelf.break_down();
    bench.request(101, "a", put(1));
    assert_eq!(bench.owner.phase(), Phase::CatchingUp);
    assert_eq!(bench.distrusted, ["it cannot be read: the shelf is broken"]);
    assert_eq!(bench.answers.get(&101), None, "nothing is said of what is not known");
    bench.settle();
    bench.take_over();
    assert_eq!(bench.answers[&100], Told::Repeat { version: 2 }, "its record was admitted all the same");
    assert_eq!(bench.answers[&101], Told::Done { sweets: 2, version: 2 });
    assert_eq!(bench.sweets("a"), 2);
}

#[test]
fn rule_8_a_record_that_could_not_be_folded_is_never_stored_as_if_it_were() {
    let (mut bench, _shelf) = filled(1);
    bench.keep();
    let mut foreign = bench.log.borrow().last().unwrap().clone();
    let ordinal = KEYS.len().to_string();
    let headers = foreign.headers.iter().map(|(name, value)| match name {
        "ordinal" => ("ordinal".to_owned(), bytes::Bytes::from(ordinal.clone())),
        "ce_type" => ("ce_type".to_owned(), bytes::Bytes::from("jar.sold.v9")),
        name => (name.to_owned(), bytes::Bytes::copy_from_slice(value)),
    });
    foreign.headers = headers.collect();
    foreign.offset = foreign.offset.next();
    bench.log.borrow_mut().push(foreign);
    bench.read_all();
    assert_eq!(bench.owner.phase(), Phase::Faulted, "a newer build wrote it");
    assert!(bench.owner.changes().is_none(), "a newer build will find this store, and must fold the record");
}

#[test]
fn rule_8_keys_of_the_history_are_really_used() {
    let types: BTreeSet<_> = run(1, Bench::fresh()).types().into_iter().collect();
    for type_name in ["jar.put.v1", "jar.taken.v1", "jar.looked.v1", "log.settled.v1", "log.mark.v1"] {
        let seen = types.contains(type_name)
            || (2..20).any(|seed| run(seed, Bench::fresh()).types().contains(&type_name.to_owned()));
        assert!(seen, "{type_name}");
    }
}
