//! Headers survive their encoding; batches are trimmed to a position.

use std::sync::Arc;

use bytes::Bytes;

use super::{Batch, Headers, Record, encode_header};
use crate::{Offset, PartitionId};

#[test]
fn headers_keep_order_repeats_and_empty_values() {
    let headers: Headers = [("a", "1"), ("b", ""), ("a", "2")].into_iter().collect();
    assert_eq!(headers.get("a"), Some(&b"1"[..]));
    assert_eq!(headers.get_str("b"), Some(""));
    assert_eq!(headers.get("c"), None);
    assert_eq!(headers.get_bytes("a"), Some(Bytes::from_static(b"1")));
    let all: Vec<(&str, &[u8])> = headers.iter().collect();
    assert_eq!(all, [("a", &b"1"[..]), ("b", b""), ("a", b"2")]);
    assert_eq!(headers.len(), 3);
    assert!(Headers::default().is_empty());
}

#[test]
fn a_name_that_is_not_text_does_not_break_the_others() {
    let mut encoded = Vec::new();
    encode_header(&mut encoded, b"\xff\xfe", b"x");
    encode_header(&mut encoded, b"ok", b"y");
    let headers = Headers::from_encoded(Bytes::from(encoded));
    assert_eq!(headers.get_str("ok"), Some("y"));
    assert_eq!(headers.iter().next(), Some(("\u{fffd}\u{fffd}", &b"x"[..])));
    assert_eq!(headers.get_str("\u{fffd}\u{fffd}"), Some("x"));
}

#[test]
fn a_header_value_that_is_not_text_is_none_as_text() {
    let headers: Headers = [("a", &b"\xff"[..])].into_iter().collect();
    assert_eq!(headers.get_str("a"), None);
    assert_eq!(headers.get("a"), Some(&b"\xff"[..]));
}

/// Records without content, and a position.
pub(crate) fn batch(offsets: std::ops::Range<i64>, next: i64) -> Batch {
    let record = |offset| {
        Arc::new(Record {
            topic: "t".into(),
            partition: PartitionId(0),
            offset: Offset(offset),
            recorded_at_ms: -1,
            key: None,
            headers: Headers::default(),
            value: None,
        })
    };
    Batch { topic: "t".into(), partition: PartitionId(0), records: offsets.map(record).collect(), next: Offset(next) }
}

#[test]
fn a_batch_is_trimmed_to_the_position() {
    let mut half = batch(3..6, 6);
    assert!(half.trim(Offset(5)));
    assert_eq!(half.records.iter().map(|r| r.offset.0).collect::<Vec<_>>(), [5]);
    assert!(!batch(3..6, 6).trim(Offset(6)));
    let mut control = batch(3..6, 8);
    assert!(control.trim(Offset(7)));
    assert!(control.records.is_empty());
}
