//! A source reads as it is written, and what comes from below a floor is a repeat, in bounded memory.

use super::*;

fn source(offset: i64) -> Source {
    let partition = SourcePartition {
        reactor: "order-reactions".into(),
        log: LogId(uuid::Uuid::from_u128(5)),
        topic: "order.events.v1".into(),
        partition: PartitionId(3),
    };
    Source { partition, offset: Offset(offset), step: "reserve/85123A".into() }
}

#[test]
fn a_source_reads_as_it_is_written() {
    let text = "order-reactions/00000000-0000-0000-0000-000000000005/order.events.v1/3@12/reserve/85123A";
    assert_eq!(source(12).to_string(), text);
    assert_eq!(text.parse(), Ok(source(12)));
    for bad in [
        "",
        "a/b",
        "a/x/t/1@2/s",
        "r/00000000-0000-0000-0000-000000000005/t/1/2/s",
        "r/00000000-0000-0000-0000-000000000005/t/-1@2/s",
    ] {
        assert_eq!(bad.parse::<Source>(), Err(InvalidSource), "{bad}");
    }
}

#[test]
fn a_hash_depends_on_key_and_body_and_reads_as_it_is_written() {
    let hash = CommandHash::keyed(b"key", b"body");
    assert_ne!(hash, CommandHash::keyed(b"other", b"body"));
    assert_ne!(hash, CommandHash::keyed(b"key", b"other"));
    assert_eq!(hash.to_string().parse(), Ok(hash));
}

#[test]
fn memory_is_bounded_by_what_is_above_the_floor() {
    let mut windows = Windows::default();
    let hash = CommandHash::keyed(b"", b"");
    for offset in 0..10_000 {
        let id = CommandId(uuid::Uuid::from_u128(offset));
        let offset = i64::try_from(offset).unwrap_or_default();
        windows.record(&source(offset), Some(Offset((offset - 10).max(0))), id, hash);
    }
    assert!(windows.ids() <= 11, "{}", windows.ids());
}
