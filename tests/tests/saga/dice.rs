//! Chance that is the same for the same seed.

/// A small generator (SplitMix64): the same seed, the same sessions, whatever a library does.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `n - 1`.
    pub fn of(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    /// 1 to `n`.
    pub fn some(&mut self, n: i64) -> i64 {
        1 + i64::try_from(self.next() % n.unsigned_abs()).unwrap()
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.of(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.of(from.len())]
    }
}
