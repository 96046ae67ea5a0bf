//! Commands that nobody means well with: each goes to the dead letters, and the next one has its turn.

use super::bench::{Bench, command, put, raw_command};
use crate::jar::Jar;
use crate::owner::TopicCommand;
use crate::record::header;
use crate::{LogId, Offset, PartitionId};
use std::sync::Arc;
use tillroll_kafka::partition_for;

const ID: &str = "0b7d5b0e-4f0c-5a39-8f43-7d8a51c9b2e6";

/// Headers of a command that could be carried out.
fn well_formed(offset: i64, floor: &str) -> Vec<(&'static str, String)> {
    let source = format!("evil/{}/a.events.v1/0@{offset}/step", LogId(uuid::Uuid::nil()));
    vec![
        (header::ID, ID.to_owned()),
        (header::TYPE, "jar.put".to_owned()),
        (header::SOURCE, source),
        (header::FLOOR, floor.to_owned()),
    ]
}

/// What it was sent to the dead letters for; the command behind it is carried out in every case.
fn reason_of(key: &str, headers: Vec<(&'static str, String)>, value: &[u8]) -> Option<String> {
    let mut bench = Bench::serving();
    bench.commands([raw_command(0, key, headers, value.to_vec()), command(1, "b", 8, Some(0), put(1))]);
    bench.settle();
    let reason = bench.letters.first().map(|(_, reason)| reason.clone());
    if reason.is_some() {
        bench.owner.dead_lettered(Offset(0), bench.now);
        bench.perform();
        bench.settle();
    }
    assert_eq!(bench.sweets("b"), 1, "what follows is carried out");
    reason
}

#[test]
fn a_command_that_says_what_it_should_is_carried_out() {
    assert_eq!(reason_of("a", well_formed(7, "7"), b"{\"sweets\":1}"), None);
}

#[test]
fn a_floor_beyond_its_source_would_make_repeats_of_what_is_new_and_is_refused() {
    let reason = reason_of("a", well_formed(7, "8"), b"{\"sweets\":1}").unwrap_or_default();
    assert!(reason.ends_with("its floor is beyond the record that caused it"), "{reason}");
}

#[test]
fn what_would_fill_the_record_that_ends_it_is_refused() {
    let long = "x".repeat(60 * 1024);
    let giant_actor = [well_formed(7, "7"), vec![(header::ACTOR, long.clone())]].concat();
    for (key, headers) in [(&*long, well_formed(7, "7")), ("a", giant_actor)] {
        let reason = reason_of(key, headers, b"{\"sweets\":1}").unwrap_or_default();
        assert!(reason.contains("key and headers have"), "{reason}");
    }
}

#[test]
fn a_reason_is_short_whatever_it_is_about() {
    let mut headers = well_formed(7, "7");
    headers[1].1 = "jar.".to_owned() + &"x".repeat(10_000);
    let reason = reason_of("a", headers, b"{}").unwrap_or_default();
    assert!((1..=1_000).contains(&reason.len()), "{} characters", reason.len());
}

#[test]
fn a_key_that_belongs_into_another_partition_does_not_begin_a_second_life_here() {
    let read = || TopicCommand::<Jar>::read(Arc::new(command(0, "a", 1, None, put(1))), b"key");
    let home = partition_for(b"a", 4);
    assert_eq!(read().placed(home, 4).why(), "");
    let elsewhere = PartitionId((home.0 + 1) % 4);
    assert!(read().placed(elsewhere, 4).why().ends_with(&format!("its key belongs into partition {home}")));
}
