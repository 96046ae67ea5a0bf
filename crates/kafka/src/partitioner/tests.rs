//! Java's own known answers (`UtilsTest.testMurmur2` of kafka-clients).

use super::{murmur2, partition_for};
use crate::PartitionId;

#[test]
fn hashes_as_the_java_client_does() {
    let known: [(&[u8], i32); 6] = [
        (b"21", -973_932_308),
        (b"foobar", -790_332_482),
        (b"a-little-bit-long-string", -985_981_536),
        (b"a-little-bit-longer-string", -1_486_304_829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        (b"abc", 479_470_107),
    ];
    for (key, hash) in known {
        assert_eq!(murmur2(key), hash, "{}", String::from_utf8_lossy(key));
    }
}

#[test]
fn a_partition_is_within_its_topic() {
    for n in 1..50 {
        for key in 0..200_u32 {
            let partition = partition_for(&key.to_le_bytes(), n);
            assert!((0..n).contains(&partition.0));
        }
    }
    assert_eq!(partition_for(b"foobar", 0), PartitionId(0));
    assert_eq!(partition_for(b"21", 4), PartitionId((-973_932_308_i32 & 0x7fff_ffff) % 4));
}
