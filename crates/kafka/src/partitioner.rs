//! Which partition a key belongs to: murmur2, as Java's default partitioner has it, so that every Kafka client in any
//! language agrees on the place of an aggregate.

use crate::PartitionId;

#[cfg(test)]
mod tests;

/// The partition of a key: `(murmur2(key) & 0x7fffffff) % partitions`. Fewer than one partition counts as one.
#[must_use]
pub fn partition_for(key: &[u8], partitions: i32) -> PartitionId {
    PartitionId((murmur2(key) & 0x7fff_ffff) % partitions.max(1))
}

/// Austin Appleby's MurmurHash2, 32 bits, with the seed of `org.apache.kafka.common.utils.Utils.murmur2`.
fn murmur2(data: &[u8]) -> i32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;

    // Kafka keys are far shorter than 4 GiB; the truncation is the one that Java's `int length` has.
    let mut hash = SEED ^ (data.len() as u32);
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    for (place, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * place);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^= hash >> 15;
    hash.cast_signed()
}
