//! What waits goes out when the last record before it is answered, in order, and not without what was lost before it.

use bytes::Bytes;

use super::{MOST_BYTES, Waiting, Wave, Waves};
use crate::{DeliveryError, NewRecord, PartitionId};

fn named(name: &str, bytes: usize) -> Waiting {
    let record = NewRecord {
        topic: "t".into(),
        partition: PartitionId(0),
        key: Some(Bytes::from(name.to_owned())),
        headers: Vec::new(),
        value: Some(Bytes::from(vec![0; bytes])),
    };
    Waiting { record, on_delivery: Box::new(|_| {}) }
}

fn names(wave: &Wave, lost: Option<DeliveryError>) -> Option<(String, bool)> {
    let following = wave.answered(lost)?;
    let name = |waiting: &Waiting| String::from_utf8(waiting.record.key.as_ref().unwrap().to_vec()).unwrap();
    Some((following.records.iter().map(name).collect::<String>(), following.lost.is_some()))
}

#[test]
fn what_is_sent_while_a_record_is_under_way_is_the_next_wave() {
    let wave = Wave::default();
    assert!(wave.enter(named("a", 1)).is_some());
    assert!(wave.enter(named("b", 1)).is_none());
    assert!(wave.enter(named("c", 1)).is_none());
    assert_eq!(names(&wave, None), Some(("bc".into(), false)));
    assert!(wave.enter(named("d", 1)).is_none(), "b and c are under way");
    assert_eq!(names(&wave, None), None, "one of them still is");
    assert_eq!(names(&wave, None), Some(("d".into(), false)));
    assert_eq!(names(&wave, None), None);
    assert!(wave.enter(named("e", 1)).is_some(), "nothing is under way");
}

#[test]
fn what_waits_behind_a_lost_record_is_not_sent_and_what_comes_later_is() {
    let wave = Wave::default();
    for name in ["a", "b", "c", "d"] {
        wave.enter(named(name, 1));
    }
    assert_eq!(names(&wave, None), Some(("bcd".into(), false)));
    wave.enter(named("e", 1));
    assert_eq!(names(&wave, Some(DeliveryError::TimedOut)), None);
    assert_eq!(names(&wave, None), None);
    assert_eq!(names(&wave, None), Some(("e".into(), true)));
    assert_eq!(names(&wave, Some(DeliveryError::TimedOut)), None);
    assert!(wave.enter(named("f", 1)).is_some());
    wave.enter(named("g", 1));
    assert_eq!(names(&wave, None), Some(("g".into(), false)));
}

#[test]
fn a_wave_is_no_larger_than_a_request_unless_one_record_is() {
    let wave = Wave::default();
    wave.enter(named("a", 1));
    for (name, bytes) in [("b", MOST_BYTES / 2), ("c", MOST_BYTES / 2), ("d", 4 * MOST_BYTES), ("e", 1)] {
        wave.enter(named(name, bytes));
    }
    assert_eq!(names(&wave, None), Some(("bc".into(), false)));
    assert_eq!((names(&wave, None), names(&wave, None)), (None, Some(("d".into(), false))));
    assert_eq!(names(&wave, None), Some(("e".into(), false)));
}

#[test]
fn each_partition_has_waves_of_its_own() {
    let waves = Waves::default();
    assert!(waves.of(&"t".into(), PartitionId(0)).enter(named("a", 1)).is_some());
    assert!(waves.of(&"t".into(), PartitionId(0)).enter(named("b", 1)).is_none());
    assert!(waves.of(&"t".into(), PartitionId(1)).enter(named("c", 1)).is_some());
    assert!(waves.of(&"u".into(), PartitionId(0)).enter(named("d", 1)).is_some());
}
