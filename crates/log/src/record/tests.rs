//! Records read as they were written; what is not of the protocol is unreadable and nothing more.

use super::*;
use crate::{LogId, Ordinal, PartitionId, Stamp, Version};
use bytes::Bytes;
use tillroll_kafka::{Headers, NewRecord, Record};
use uuid::Uuid;

fn read(new: NewRecord) -> Record {
    Record {
        topic: new.topic,
        partition: new.partition,
        offset: Offset(12),
        recorded_at_ms: 1_700_000_000_123,
        key: new.key,
        headers: Headers::from_iter(new.headers),
        value: new.value,
    }
}

fn writer() -> Writer {
    Writer::new("jar.events.v1".into(), PartitionId(3), "jar")
}

#[test]
fn an_event_reads_as_it_was_written() {
    let at = read::millis(1_291_200_000_000);
    let claim = ClaimId(Uuid::from_u128(1));
    let ends = [Ended {
        id: CommandId(Uuid::from_u128(2)),
        hash: Some(CommandHash::keyed(b"", b"")),
        source: None,
        floor: None,
    }];
    let inbox = Some(Inbox { topic: TopicId(Uuid::from_u128(3)), next: Offset(9) });
    let id = event_id(claim, Ordinal(4), at);
    let place = Place { id, occurred_at: at, claim, ordinal: Ordinal(4), inbox, ends: &ends };
    let origin = Origin { actor: Some("staff".into()), correlation: Some(Uuid::from_u128(8)), ..Origin::default() };
    let record = read(writer().event(&place, &origin, (&"a".into(), Version(7)), "jar.put.v1", b"{}".to_vec()));
    assert_eq!(stamp_of(&record), Stamp::Entry { claim, ordinal: Ordinal(4) });
    let Ok(Entry::Event(envelope)) = read_entry(&record) else { panic!("an event") };
    assert_eq!((envelope.id, &*envelope.key, envelope.version), (id, "a", Version(7)));
    assert_eq!((envelope.ends.as_slice(), envelope.inbox), (&ends[..], inbox));
    assert_eq!((envelope.occurred_at, envelope.actor.as_deref()), (at, Some("staff")));
    assert_eq!(envelope.correlation, Some(Uuid::from_u128(8)));
    assert_eq!(envelope.at.to_string(), "jar.events.v1/3@12");
    assert_eq!(record.headers.get_str("ce_time"), Some("2010-12-01T10:40:00.000Z"));
}

#[test]
fn event_ids_are_uuids_v7_and_differ_by_claim_and_ordinal() {
    let at = read::millis(1_700_000_000_000);
    let ids: std::collections::HashSet<_> = (0..100u128)
        .flat_map(|claim| (0..100).map(move |ordinal| (claim, ordinal)))
        .map(|(claim, ordinal)| {
            event_id(ClaimId(Uuid::new_v5(&Uuid::nil(), &claim.to_be_bytes())), Ordinal(ordinal), at)
        })
        .collect();
    assert_eq!(ids.len(), 10_000);
    assert!(ids.iter().all(|id| id.0.get_version_num() == 7));
}

#[test]
fn a_claim_reads_as_it_was_written() {
    let claim = Claim {
        claim: ClaimId(Uuid::from_u128(1)),
        previous: None,
        log: LogId(Uuid::from_u128(2)),
        instance: "one".into(),
        url: "http://127.0.0.1:1".into(),
        build: "0.1.0".into(),
        partitions: 4,
    };
    let Ok(new) = writer().claim(&claim, read::millis(0)) else { panic!("a claim") };
    let record = read(new);
    assert_eq!(stamp_of(&record), Stamp::Claim { claim: claim.claim, previous: None });
    assert_eq!(claim_of(&record), Some(claim));
}

#[test]
fn garbage_is_unreadable_and_nothing_more() {
    let garbage = |headers: &[(&'static str, &'static str)], value: &'static [u8]| {
        let headers = headers.iter().map(|(name, value)| (*name, Bytes::from_static(value.as_bytes()))).collect();
        read(NewRecord {
            topic: "jar.events.v1".into(),
            partition: PartitionId(0),
            key: None,
            headers,
            value: Some(Bytes::from_static(value)),
        })
    };
    for record in [
        garbage(&[], b""),
        garbage(&[("ce_type", CLAIM)], b"{\"claim\":1}"),
        garbage(&[("claim", "x"), ("ordinal", "0")], b"{}"),
        garbage(&[("claim", "00000000-0000-0000-0000-000000000001"), ("ordinal", "-1")], b"{}"),
    ] {
        assert_eq!(stamp_of(&record), Stamp::Unreadable);
    }
}

#[test]
fn of_headers_of_one_name_the_first_counts_and_one_that_is_malformed_is_named() {
    let claim = ClaimId(Uuid::from_u128(1));
    let id = event_id(claim, Ordinal(4), read::millis(0));
    let ends = [Ended { id: CommandId(Uuid::from_u128(2)), hash: None, source: None, floor: None }];
    let place = Place { id, occurred_at: read::millis(0), claim, ordinal: Ordinal(4), inbox: None, ends: &ends };
    let event = || writer().event(&place, &Origin::default(), (&"a".into(), Version(7)), "jar.put.v1", b"{}".to_vec());
    let with = |name, value: &'static [u8]| {
        let mut new = event();
        new.headers.push((name, Bytes::from_static(value)));
        read(new)
    };
    for (name, value) in [("ordinal", "5"), ("ce_type", CLAIM), ("claim", "00000000-0000-0000-0000-000000000009")] {
        assert_eq!(stamp_of(&with(name, value.as_bytes())), Stamp::Entry { claim, ordinal: Ordinal(4) });
    }
    let Ok(Entry::Event(envelope)) = read_entry(&with("ce_sequence", b"8")) else { panic!("an event") };
    assert_eq!((envelope.version, envelope.ends), (Version(7), ends.to_vec()));
    let malformed: [(_, &'static [u8]); 4] =
        [("ce_commandid", b"x"), ("floor", b"-1x"), ("ce_causationid", b"x"), ("source", b"")];
    for (name, value) in malformed {
        assert_eq!(read_entry(&with(name, value)).err().map(|error| error.header), Some(name));
    }
}
