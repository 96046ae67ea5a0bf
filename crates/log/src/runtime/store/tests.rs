//! The store on a disk: whole or noticed, one process per directory, and never the reason why something does not start.

use super::*;
use crate::fold::{Fold, Seen};
use crate::jar::Jar;
use crate::owner::tests::keeping::{assert_same, fold_with_crashes, history};
use crate::owner::tests::owners::Dice;
use crate::{CommandHash, CommandId, Offset, Version};
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

fn config(directory: &TempDir) -> StateConfig {
    StateConfig { directory: directory.path().join("state"), cache: 2 }
}

fn kept(store: &Store) -> Arc<Kept> {
    Arc::new(store.partition::<Jar>(PartitionId(0)).unwrap().unwrap())
}

fn restored(kept: &Arc<Kept>) -> Fold<Jar> {
    match kept.load().unwrap() {
        Some((head, deadlines)) => Fold::restored(head, deadlines, kept.clone(), 2),
        None => Fold::over(kept.clone(), 2),
    }
}

fn plain(log: &[tillroll_kafka::Record]) -> Fold<Jar> {
    let mut fold = Fold::default();
    log.iter().for_each(|record| _ = fold.fold(record).unwrap());
    fold
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rule_8_what_is_read_back_from_the_disk_is_the_fold_of_the_log(seed in any::<u64>()) {
        let directory = TempDir::new().unwrap();
        let log = history(seed);
        let store = Store::open(&config(&directory)).unwrap();
        let part = kept(&store);
        let folded =
            fold_with_crashes(&log, &mut Dice(seed), |changes| part.write(&changes).unwrap(), || restored(&part));
        assert_same(folded, &plain(&log));
        drop((store, part));
        // Another process.
        let mut fold = restored(&kept(&Store::open(&config(&directory)).unwrap()));
        let from = fold.position.next.0 as usize;
        log[from..].iter().for_each(|record| _ = fold.fold(record).unwrap());
        assert_same(fold, &plain(&log));
    }
}

/// Stores the log in two batches, in a store of its own.
fn in_two_batches(directory: &TempDir, log: &[tillroll_kafka::Record]) {
    let store = Store::open(&config(directory)).unwrap();
    let part = kept(&store);
    let mut fold = restored(&part);
    for half in [&log[..log.len() / 2], &log[log.len() / 2..]] {
        half.iter().for_each(|record| _ = fold.fold(record).unwrap());
        part.write(&fold.changes().unwrap()).unwrap();
        fold.stored();
    }
}

#[test]
fn rule_8_a_batch_that_was_cut_off_is_not_there_at_all() {
    let log = history(5);
    let (mut older, mut newer) = (0, 0);
    for cut in [1, 7, 40, 300, 900] {
        let directory = TempDir::new().unwrap();
        in_two_batches(&directory, &log);
        let journals = std::fs::read_dir(config(&directory).directory).unwrap().map(|entry| entry.unwrap().path());
        let journal = journals.filter(|path| path.extension().is_some_and(|is| is == "jnl")).max().unwrap();
        let bytes = std::fs::read(&journal).unwrap();
        // A journal is longer than what is written in it.
        let written = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        std::fs::write(&journal, &bytes[..written - cut]).unwrap();
        let fold = restored(&kept(&Store::open(&config(&directory)).unwrap()));
        let next = fold.position.next.0 as usize;
        assert!([0, log.len() / 2, log.len()].contains(&next), "{next} of {}", log.len());
        assert_same(fold, &plain(&log[..next]));
        if next == log.len() { newer += 1 } else { older += 1 }
    }
    assert!(older > 0, "nothing was cut off: {newer}");
}

#[test]
fn rule_8_a_store_that_is_no_store_is_wiped_and_opened() {
    let directory = TempDir::new().unwrap();
    in_two_batches(&directory, &history(6));
    for entry in std::fs::read_dir(config(&directory).directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.extension().is_none() {
            std::fs::write(path, b"no store").unwrap();
        }
    }
    let store = Store::open(&config(&directory)).expect("a start does not fail for it");
    assert!(!restored(&kept(&store)).is_restored());
}

#[test]
fn a_directory_that_cannot_be_made_means_no_store_and_no_failed_start() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("file"), b"").unwrap();
    let config = StateConfig { directory: directory.path().join("file/state"), cache: 2 };
    assert!(Store::open(&config).is_none());
}

#[test]
fn a_second_process_of_a_home_keeps_its_own_beside_it() {
    let directory = TempDir::new().unwrap();
    let (first, second) = (Store::open(&config(&directory)).unwrap(), Store::open(&config(&directory)).unwrap());
    let log = history(7);
    let part = kept(&second);
    let mut fold = restored(&part);
    log.iter().for_each(|record| _ = fold.fold(record).unwrap());
    part.write(&fold.changes().unwrap()).unwrap();
    assert!(directory.path().join("state-2").is_dir());
    assert!(!restored(&kept(&first)).is_restored(), "they share nothing");
}

#[test]
fn rule_8_a_build_with_another_schema_does_not_read_what_there_is() {
    let directory = TempDir::new().unwrap();
    in_two_batches(&directory, &history(8));
    let store = Store::open(&config(&directory)).unwrap();
    let place = "jar.events.v1-0-";
    assert!(store.part(place, 1).unwrap().unwrap().load().unwrap().is_some());
    assert!(store.part(place, 2).unwrap().unwrap().load().unwrap().is_none(), "its states mean something else");
    assert!(store.part(place, 1).unwrap().unwrap().load().unwrap().is_none(), "and what nobody reads is not kept");
}

#[test]
fn rule_8_what_is_written_late_does_not_fall_into_what_was_wiped() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(&config(&directory)).unwrap();
    let (part, log) = (kept(&store), history(9));
    let mut fold = restored(&part);
    log.iter().for_each(|record| _ = fold.fold(record).unwrap());
    let late = fold.changes().unwrap();
    let wiped = Arc::new(part.wipe().unwrap());
    assert!(matches!(part.write(&late), Err(StoreError::Wiped)));
    assert!(!restored(&wiped).is_restored());
}

#[test]
fn an_owner_whose_predecessor_still_writes_does_without() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(&config(&directory)).unwrap();
    let first = kept(&store);
    assert!(store.partition::<Jar>(PartitionId(0)).unwrap().is_none());
    assert!(store.partition::<Jar>(PartitionId(1)).unwrap().is_some(), "another partition is another matter");
    drop(first);
    assert!(store.partition::<Jar>(PartitionId(0)).unwrap().is_some());
}

#[test]
fn how_a_command_ended_is_read_as_it_was_written() {
    let seen = Seen { hash: CommandHash::keyed(b"key", b"body"), at: Offset(i64::MAX), version: Version(u64::MAX) };
    let bytes = encoding::seen(&seen).unwrap();
    assert_eq!(encoding::read_seen(&bytes).unwrap(), seen);
    assert_eq!(encoding::command_key(CommandId(Uuid::from_u128(7))).len(), 17);
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Nothing,
    Coded { code: String, id: Uuid },
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Flattened {
    id: Uuid,
    at: crate::Timestamp,
    amount: i64,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absent: Option<String>,
    #[serde(flatten)]
    flattened: Flattened,
    tagged: Vec<Tagged>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    empty: Vec<u8>,
    by_number: std::collections::BTreeMap<u64, Uuid>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Life {
    Unborn,
    Alive(Arc<Body>, Option<Tagged>),
}

#[test]
fn a_state_may_hold_whatever_bodies_of_events_hold() {
    let (id, at) = (Uuid::from_u128(7), crate::Timestamp::from_timestamp_micros(1_700_000_000_123_456).unwrap());
    let body = Body {
        absent: None,
        flattened: Flattened { id, at, amount: i64::MIN },
        tagged: vec![Tagged::Nothing, Tagged::Coded { code: "no".into(), id }],
        empty: Vec::new(),
        by_number: [(u64::MAX, id)].into(),
    };
    for state in [Life::Unborn, Life::Alive(Arc::new(body), Some(Tagged::Nothing))] {
        let (_, read) = encoding::through_store(&state).expect("it can be stored and read again");
        assert_eq!(read, state);
    }
}
