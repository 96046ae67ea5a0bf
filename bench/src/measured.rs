//! Figures of one measurement. Everything is whole numbers: a latency is exact, a rate is rounded down.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// What came out of a measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Operations that went well within the counted time.
    pub count: u64,
    /// The same per second.
    pub per_second: u64,
    /// How long they took; none where only the whole was timed.
    pub latency: Option<Latency>,
    /// Answers that were not what was asked for, within the counted time.
    pub refused: u64,
}

/// Of all operations of a measurement, how long the middle one and the slowest hundredth took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
}

impl Measured {
    /// From every latency of the counted time.
    pub fn of(latencies: Vec<Duration>, counted: Duration, refused: u64) -> Self {
        let count = u64::try_from(latencies.len()).unwrap_or(u64::MAX);
        Self { latency: Latency::of(latencies), refused, ..Self::whole(count, counted) }
    }

    /// So many operations took that long together.
    pub fn whole(count: u64, took: Duration) -> Self {
        let micros = took.as_micros().max(1);
        let per_second = u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX);
        Self { count, per_second, latency: None, refused: 0 }
    }

    /// The rate as a percentage of that of the limit.
    pub fn percent_of(&self, limit: &Self) -> u64 {
        self.per_second.saturating_mul(100) / limit.per_second.max(1)
    }

    /// The median latency, in microseconds; 0 if none was measured.
    pub fn p50_micros(&self) -> u64 {
        self.latency.map_or(0, |latency| micros(latency.p50))
    }

    /// The latency that one in a hundred exceeds, in microseconds; 0 if none was measured.
    pub fn p99_micros(&self) -> u64 {
        self.latency.map_or(0, |latency| micros(latency.p99))
    }
}

impl Latency {
    /// By nearest rank: the least latency that at least 50 (99) of 100 do not exceed.
    fn of(mut latencies: Vec<Duration>) -> Option<Self> {
        latencies.sort_unstable();
        let rank = |percent: usize| (latencies.len() * percent).div_ceil(100).max(1) - 1;
        let at = |percent| latencies.get(rank(percent)).copied();
        Some(Self { p50: at(50)?, p99: at(99)? })
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
