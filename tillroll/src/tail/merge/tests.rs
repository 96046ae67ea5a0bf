//! Records of partitions that come in any order.

use super::*;
use std::sync::Arc;
use tillroll_kafka::Record;

fn part(partition: i32, times: &[i64], from: i64) -> Part {
    let topic = Topic::from("t");
    let records = (from..).zip(times).map(|(offset, at)| {
        let record = Record {
            topic: topic.clone(),
            partition: PartitionId(partition),
            offset: Offset(offset),
            recorded_at_ms: *at,
            key: None,
            headers: Default::default(),
            value: None,
        };
        Admitted { record: Arc::new(record), entry: None }
    });
    let records: Vec<_> = records.collect();
    let next = Offset(from + times.len() as i64);
    Part { topic: topic.clone(), partition: PartitionId(partition), records, next }
}

fn shown(merge: &mut Merge) -> Vec<i64> {
    std::iter::from_fn(|| merge.next()).map(|admitted| admitted.record.recorded_at_ms).collect()
}

#[test]
fn partitions_are_shown_in_the_order_of_recording() {
    let mut merge = Merge::default();
    merge.expect(
        &Topic::from("t"),
        &[(PartitionId(0), Offset(3)), (PartitionId(1), Offset(2)), (PartitionId(2), Offset(0))],
    );
    merge.add(part(0, &[1, 4], 0));
    assert_eq!(shown(&mut merge), [0; 0], "partition 1 may have an earlier one");
    merge.add(part(1, &[2, 3], 0));
    assert_eq!(shown(&mut merge), [1, 2, 3, 4]);
    assert!(!merge.finished());
    merge.add(part(0, &[5], 2));
    assert_eq!(shown(&mut merge), [5]);
    assert!(merge.finished());
}

#[test]
fn what_comes_after_the_ends_waits_for_nobody() {
    let mut merge = Merge::default();
    merge.expect(&Topic::from("t"), &[(PartitionId(0), Offset(1)), (PartitionId(1), Offset(0))]);
    merge.add(part(0, &[1, 2], 0));
    assert_eq!(shown(&mut merge), [1, 2]);
    merge.add(part(1, &[1], 0));
    assert_eq!(shown(&mut merge), [1]);
}
