//! Many partitions as one: in the order of recording up to their ends at the start, then as they come.

use super::admitted::{Admitted, Part};
use std::collections::{BTreeMap, VecDeque};
use tillroll_kafka::{Offset, PartitionId, Topic};

/// Records that are held at most while another partition is awaited. Beyond that the order is only nearly right.
const HELD: usize = 100_000;

/// Records on their way to be shown.
#[derive(Default)]
pub struct Merge {
    lanes: BTreeMap<(Topic, PartitionId), Lane>,
    held: usize,
}

struct Lane {
    records: VecDeque<Admitted>,
    next: Offset,
    end: Offset,
}

impl Merge {
    /// These partitions will be read, at least up to these ends.
    pub fn expect(&mut self, topic: &Topic, ends: &[(PartitionId, Offset)]) {
        for (partition, end) in ends {
            let lane = Lane { records: VecDeque::new(), next: Offset(0), end: *end };
            self.lanes.insert((topic.clone(), *partition), lane);
        }
    }

    /// These came.
    pub fn add(&mut self, part: Part) {
        if let Some(lane) = self.lanes.get_mut(&(part.topic, part.partition)) {
            self.held += part.records.len();
            lane.records.extend(part.records);
            lane.next = part.next;
        }
    }

    /// The next to be shown, if it is known which.
    pub fn next(&mut self) -> Option<Admitted> {
        let awaited = |lane: &Lane| lane.records.is_empty() && lane.next < lane.end;
        if self.held < HELD && self.lanes.values().any(awaited) {
            return None;
        }
        let recorded = |lane: &Lane| lane.records.front().map(|admitted| admitted.record.recorded_at_ms);
        let first =
            self.lanes.values_mut().filter(|lane| !lane.records.is_empty()).min_by_key(|lane| recorded(lane))?;
        self.held -= 1;
        first.records.pop_front()
    }

    /// Whether everything up to the ends was read and shown.
    pub fn finished(&self) -> bool {
        self.lanes.values().all(|lane| lane.next >= lane.end && lane.records.is_empty())
    }
}

#[cfg(test)]
mod tests;
