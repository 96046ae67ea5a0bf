//! When a partition counts as missing.

use super::*;

fn said(code: RDKafkaErrorCode) -> KafkaError {
    KafkaError::broker("asking", code, "")
}

#[test]
fn a_broker_that_comes_back_after_long_may_not_know_its_partitions_for_a_while() {
    let (away, unknown) = (said(RDKafkaErrorCode::AllBrokersDown), said(RDKafkaErrorCode::UnknownTopicOrPartition));
    let (mut missing, mut now) = (Unknown::default(), Instant::now());
    for _ in 0..3 {
        assert!(!missing.is_certain(&away, now));
        now += PATIENCE * 10;
        assert!(!missing.is_certain(&unknown, now), "it has said so once");
        now += PATIENCE / 2;
        assert!(!missing.is_certain(&unknown, now));
        now += PATIENCE / 2 - Duration::from_millis(1);
        assert!(!missing.is_certain(&unknown, now));
    }
    now += Duration::from_millis(1);
    assert!(missing.is_certain(&unknown, now), "it has said nothing else for long");
}
