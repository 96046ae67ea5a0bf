//! What a letter keeps of its command, and what it leaves out.

use super::*;
use tillroll_kafka::{Headers, Offset};

fn command(key: usize, kind: usize, value: usize) -> Record {
    Record {
        topic: "jar.commands.v1".into(),
        partition: PartitionId(3),
        offset: Offset(17),
        recorded_at_ms: 0,
        key: Some(vec![b'k'; key].into()),
        headers: Headers::from_iter([(header::TYPE, vec![b't'; kind]), ("other", b"x".to_vec())]),
        value: Some(vec![b'v'; value].into()),
    }
}

fn header_of(letter: &NewRecord, name: &str) -> Option<usize> {
    letter.headers.iter().find(|(given, _)| *given == name).map(|(_, value)| value.len())
}

#[test]
fn a_letter_keeps_the_command_and_its_place() {
    let letter = letter("dead".into(), &command(5, 7, 9), "why");
    assert_eq!(letter.key.as_deref(), Some(b"jar.commands.v1/3@17".as_slice()));
    assert_eq!((header_of(&letter, "original-key"), header_of(&letter, header::TYPE)), (Some(5), Some(7)));
    assert_eq!((header_of(&letter, "reason"), header_of(&letter, "other")), (Some(3), None));
    assert_eq!(letter.value.map(|value| value.len()), Some(9));
}

#[test]
fn whatever_the_command_is_its_letter_can_be_written() {
    let giant = MAX_RECORD_BYTES;
    for command in [command(5, 7, giant - 100), command(giant - 100, 7, 9), command(5, giant - 100, 9)] {
        let letter = letter("dead".into(), &command, "why");
        assert!(letter.size() < MAX_RECORD_BYTES - BATCH_BYTES, "{} bytes", letter.size());
        assert_eq!(letter.key.as_deref(), Some(b"jar.commands.v1/3@17".as_slice()));
        assert_eq!((header_of(&letter, "reason"), letter.value.as_ref()), (Some(3), None));
        assert!(header_of(&letter, "left-out").is_some());
    }
}
