//! What is at hand is without a gap, and bounded.

use super::{KEPT_BYTES, Recent};
use crate::{Batch, Offset, PartitionId};

fn batch(next: i64) -> Batch {
    Batch { topic: "t".into(), partition: PartitionId(0), records: Vec::new(), next: Offset(next) }
}

fn nexts(recent: &Recent, position: i64) -> Option<Vec<i64>> {
    recent.since(Offset(position)).map(|batches| batches.map(|(batch, _)| batch.next.0).collect())
}

#[test]
fn everything_since_a_position_or_nothing_at_all() {
    let mut recent = Recent::at(Offset(10));
    assert_eq!(nexts(&recent, 9), None);
    assert_eq!(nexts(&recent, 10), Some(vec![]));
    for next in [12, 15, 16] {
        recent.keep(&batch(next), 1);
    }
    assert_eq!(nexts(&recent, 9), None);
    assert_eq!(nexts(&recent, 10), Some(vec![12, 15, 16]));
    // In the midst of a batch: the subscriber trims it.
    assert_eq!(nexts(&recent, 13), Some(vec![15, 16]));
    assert_eq!(nexts(&recent, 16), Some(vec![]));
}

#[test]
fn what_is_kept_is_bounded() {
    let mut recent = Recent::at(Offset(0));
    recent.keep(&batch(1), KEPT_BYTES);
    assert_eq!(nexts(&recent, 0), Some(vec![1]));
    recent.keep(&batch(2), 1);
    assert_eq!(nexts(&recent, 0), None);
    assert_eq!(nexts(&recent, 1), Some(vec![2]));
    recent.keep(&batch(3), KEPT_BYTES + 1);
    assert_eq!(nexts(&recent, 2), None);
    assert_eq!(nexts(&recent, 3), Some(vec![]));
}
