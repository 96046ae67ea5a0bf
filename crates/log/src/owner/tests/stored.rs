//! Stored positions: a reader that begins again meets its record, or notices that the log is another one.

use super::bench::{Bench, Log, put};
use crate::{Offset, StoredPosition};
use proptest::prelude::*;

/// A log of so many puts, written by the owner of that name.
fn written(name: u128, puts: u32) -> Log {
    let log = Log::default();
    let mut bench = Bench::on(&log, name);
    bench.take_over();
    for ticket in 0..puts {
        bench.request(ticket, "a", put(1));
        bench.settle();
    }
    log
}

fn read(log: &Log, until: usize) -> StoredPosition {
    let mut position = StoredPosition::default();
    log.borrow()[..until].iter().for_each(|record| _ = position.pass(record));
    position
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_reader_meets_the_record_that_it_stopped_at(puts in 1u32..20, until in 1usize..20) {
        let log = written(1, puts);
        let until = until.min(log.borrow().len());
        let position = read(&log, until);
        let begin = position.begin().0 as usize;
        prop_assert_eq!(position.meet(&log.borrow()[begin]), Ok(()));
    }

    #[test]
    fn a_log_that_was_cut_and_grew_again_is_noticed(puts in 2u32..20, cut in 1usize..20, regrown in 0u32..40) {
        let log = written(1, puts);
        let position = read(&log, log.borrow().len());
        let cut = cut.min(position.begin().0 as usize);
        log.borrow_mut().truncate(cut);
        let mut heir = Bench::on(&log, 2);
        heir.take_over();
        for ticket in 0..regrown {
            heir.request(1_000 + ticket, "a", put(1));
            heir.settle();
        }
        // Either the log ends before the position, or another record stands there.
        prop_assert!(crate::runtime::notices(&position, &log.borrow()));
    }
}

#[test]
fn a_topic_that_was_made_again_is_noticed() {
    let position = read(&written(1, 5), 6);
    let other = written(2, 10);
    let at = position.begin().0 as usize;
    assert!(position.meet(&other.borrow()[at]).is_err());
    assert_eq!(StoredPosition::default().begin(), Offset(0), "without a position reading begins at the beginning");
}
