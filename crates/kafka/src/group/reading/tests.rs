//! What ends the reading of an assigned partition for good, and what only needs patience.

use super::*;
use RDKafkaErrorCode as C;

fn why(code: C, ends: Option<(i64, i64)>) -> Option<ReadError> {
    reason((&"orders".into(), PartitionId(0), Offset(5)), code, ends)
}

#[test]
fn a_broker_that_is_away_or_does_not_know_its_topics_yet_ends_nothing() {
    for code in [C::AllBrokersDown, C::UnknownTopicOrPartition, C::UnknownPartition, C::UnknownTopic] {
        assert!(why(code, None).is_none() && why(code, Some((0, 9))).is_none(), "{code:?}");
    }
}

#[test]
fn a_position_outside_and_a_denial_end_it() {
    assert!(matches!(why(C::OffsetOutOfRange, Some((6, 9))), Some(ReadError::OffsetOutOfRange { .. })));
    assert!(matches!(why(C::TopicAuthorizationFailed, Some((0, 9))), Some(ReadError::Fatal { .. })));
}
