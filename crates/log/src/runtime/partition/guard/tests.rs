//! One test per guard: what does not hold is refused, and the message tells what is wrong and how to mend it.

use super::*;
use crate::{StoredPosition, TopicId};

fn id(n: u128) -> TopicId {
    TopicId(Uuid::from_u128(n))
}

/// Everything holds.
fn holds() -> Guard {
    Guard {
        place: "jar.events.v1/3".into(),
        commands_topic: "jar.commands.v1".into(),
        reacted: Offset(40),
        read: Offset(40),
        claimed: Some(8),
        configured: 8,
        inbox: Some(Inbox { topic: id(7), next: Offset(5) }),
        log: Some(LogId(Uuid::from_u128(3))),
        served: Some((LogId(Uuid::from_u128(3)), PathBuf::from("state"))),
    }
}

fn inbox(next: i64) -> Inbox {
    Inbox { topic: id(7), next: Offset(next) }
}

#[track_caller]
fn refused(checked: Result<(), GuardUnmet>, parts: &[&str]) {
    let Err(unmet) = checked else { panic!("not refused") };
    let message = unmet.to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn what_holds_is_not_refused() {
    let guard = holds();
    assert_eq!(guard.check_log(), Ok(()));
    assert_eq!(Guard { served: None, ..holds() }.check_log(), Ok(()), "nothing was served here before");
    assert_eq!(guard.check_position(), Ok(()));
    assert_eq!(Guard { reacted: Offset(0), ..holds() }.check_position(), Ok(()));
    assert_eq!(guard.check_partitions(), Ok(()));
    assert_eq!(Guard { claimed: None, ..holds() }.check_partitions(), Ok(()), "a log without a claim counts nothing");
    assert_eq!(guard.check_topic(inbox(5), Some(id(7).0)), Ok(()));
    for next in 5..=9 {
        assert_eq!(guard.check_inbox(inbox(next), Offset(5), Offset(9)), Ok(()));
    }
}

#[test]
fn another_log_than_was_served_here_is_refused() {
    for (log, found) in [(Some(LogId(Uuid::from_u128(4))), "-000000000004"), (None, "nothing")] {
        let guard = Guard { log, ..holds() };
        let parts = ["jar.events.v1/3", "-000000000003 was served", found, "made again", "delete state", "--rebuild"];
        refused(guard.check_log(), &parts);
    }
}

#[test]
fn a_reactor_s_position_beyond_the_end_is_refused() {
    let guard = Guard { read: Offset(39), ..holds() };
    let parts =
        ["jar.events.v1/3", "read to offset 40", "ends at 39", "truncated or made again", "restore it from its"];
    refused(guard.check_position(), &parts);
}

#[test]
fn another_number_of_partitions_than_the_last_claim_s_is_refused() {
    for configured in [4, 16] {
        let guard = Guard { configured, ..holds() };
        let is = format!("{configured} are configured");
        let parts = ["jar.events.v1/3", "claim counts 8", &is, "keys would move", "set TILLROLL_PARTITIONS=8"];
        refused(guard.check_partitions(), &parts);
    }
}

#[test]
fn an_inbox_of_another_topic_is_refused() {
    let (old, new) = (id(7).to_string(), id(8).to_string());
    let parts = ["jar.events.v1/3", "jar.commands.v1", &old, &new, "made again", "restore it from its copy"];
    refused(holds().check_topic(inbox(5), Some(id(8).0)), &parts);
}

#[test]
fn an_inbox_of_a_topic_that_is_not_there_is_refused() {
    let parts = ["jar.events.v1/3", "jar.commands.v1", "not there", "restore it from its copy"];
    refused(holds().check_topic(inbox(5), None), &parts);
}

#[test]
fn an_inbox_below_the_beginning_is_refused() {
    let parts =
        ["jar.events.v1/3", "at offset 4 of jar.commands.v1", "begins at 5", "deleted", "restore jar.commands.v1"];
    refused(holds().check_inbox(inbox(4), Offset(5), Offset(9)), &parts);
}

#[test]
fn an_inbox_beyond_the_end_is_refused() {
    let parts =
        ["jar.events.v1/3", "at offset 10 of jar.commands.v1", "ends at 9", "truncated", "restore jar.commands.v1"];
    refused(holds().check_inbox(inbox(10), Offset(5), Offset(9)), &parts);
}

/// Whether an owner whose reactor begins at that stored position notices that the log is another one.
pub(crate) fn notices(stored: &StoredPosition, log: &[Record]) -> bool {
    let read = Offset(log.len() as i64);
    let guard = Guard { reacted: stored.next, read, ..holds() };
    let met = log.get(stored.begin().0 as usize).is_none_or(|record| stored.meet(record).is_ok());
    !met || guard.check_position().is_err()
}
