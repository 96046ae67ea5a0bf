//! The checkpoints as they were last read, and what follows from them.

use super::{Fresh, Reads};
use crate::failure::column;
use axum::http::HeaderValue;
use std::collections::BTreeMap;
use std::fmt::Write;
use tillroll_http::{ConsistencyToken, Problem};
use tillroll_log::{LogId, Offset, PartitionId};
use tillroll_postgres::Row;
use tokio::time::Instant;

/// Every checkpoint: SQL beside what reads its rows.
pub(super) const SELECT: &str = "
    SELECT c.projection, c.topic, c.partition, c.next_offset, c.log
    FROM projection.checkpoint AS c";

/// How far a projection is in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Checkpoint {
    next: Offset,
    log: Option<LogId>,
}

/// The checkpoints of one projection in one topic, by partition.
type Partitions = BTreeMap<PartitionId, Checkpoint>;

/// Where the topics ended, and when that was asked: everything that was in the log then lies before these ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    pub(super) asked_at: Option<Instant>,
    pub(super) topics: BTreeMap<&'static str, Vec<(PartitionId, Offset)>>,
}

/// The checkpoints as they were last read.
#[derive(Clone, Debug)]
pub(super) struct Checkpoints {
    /// When they were asked for.
    pub(super) asked_at: Option<Instant>,
    /// Whether the database answered when it was last asked.
    pub(super) reachable: bool,
    places: BTreeMap<(String, String), Partitions>,
    positions: [Option<HeaderValue>; Reads::ALL.len()],
    /// For what is read together: when everything that was in the log was in the read models too; when watching began,
    /// as long as that was never known.
    complete_at: [Instant; Reads::ALL.len()],
}

/// Whether the read models hold what a token asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Yes,
    NotYet,
    /// They follow another log than the token is of.
    OtherLog,
}

impl Checkpoints {
    /// Nothing was read yet.
    pub(super) fn unknown(began: Instant) -> Self {
        Self {
            asked_at: None,
            reachable: false,
            places: BTreeMap::new(),
            positions: Default::default(),
            complete_at: [began; Reads::ALL.len()],
        }
    }

    /// What these rows say, after what was known before.
    pub(super) fn read(before: &Self, asked_at: Instant, rows: &[Row], ends: &Ends) -> Result<Self, Problem> {
        let mut places: BTreeMap<(String, String), Partitions> = BTreeMap::new();
        for row in rows {
            let place = (column(row, 0)?, column(row, 1)?);
            let checkpoint = Checkpoint { next: Offset(column(row, 3)?), log: column::<Option<_>>(row, 4)?.map(LogId) };
            places.entry(place).or_default().insert(PartitionId(column(row, 2)?), checkpoint);
        }
        Ok(Self { asked_at: Some(asked_at), reachable: true, places, ..Self::unknown(asked_at) }
            .concluded(before, ends))
    }

    /// With what follows from the places, given where the log ended before they were read.
    fn concluded(mut self, before: &Self, ends: &Ends) -> Self {
        self.positions = Reads::ALL.map(|reads| self.positions(reads, ends));
        for (index, reads) in Reads::ALL.into_iter().enumerate() {
            let now = ends.asked_at.filter(|_| self.is_past(reads, ends));
            self.complete_at[index] = now.unwrap_or(before.complete_at[index]);
        }
        self
    }

    /// The same, but the database does not answer any more.
    pub(super) fn unreachable(&self, asked_at: Instant) -> Self {
        Self { reachable: false, asked_at: Some(asked_at), ..self.clone() }
    }

    /// Whether what is known was read from the database then or later.
    pub(super) fn read_since(&self, then: Instant) -> bool {
        self.reachable && self.asked_at.is_some_and(|asked_at| asked_at >= then)
    }

    pub(super) fn fresh(&self, reads: Reads, now: Instant) -> Fresh {
        let lag = now.saturating_duration_since(self.complete_at[reads as usize]);
        Fresh { positions: self.positions[reads as usize].clone(), lag }
    }

    /// Whether every projection that is read has passed what the token asks of its topic. Other topics do not count.
    pub(super) fn reached(&self, reads: Reads, token: &ConsistencyToken) -> Reached {
        let mut reached = Reached::Yes;
        for (projection, topic) in reads.sources() {
            let partitions = self.of(projection, topic);
            for covered in token.iter().filter(|covered| covered.topic == *topic) {
                let Some(at) = partitions.and_then(|partitions| partitions.get(&PartitionId(covered.partition.0)))
                else {
                    reached = Reached::NotYet;
                    continue;
                };
                match at.log {
                    Some(log) if log != LogId(covered.log) => return Reached::OtherLog,
                    Some(_) if at.next > Offset(covered.offset.0) => {}
                    Some(_) | None => reached = Reached::NotYet,
                }
            }
        }
        reached
    }

    fn of(&self, projection: &str, topic: &str) -> Option<&Partitions> {
        self.places.get(&(projection.to_owned(), topic.to_owned()))
    }

    /// What is known of the positions. A partition that the log has and no checkpoint is at its beginning.
    fn positions(&self, reads: Reads, ends: &Ends) -> Option<HeaderValue> {
        let mut text = String::new();
        for (projection, topic) in reads.sources() {
            let there = ends.topics.get(topic).into_iter().flatten();
            let mut next: BTreeMap<PartitionId, Offset> = there.map(|(partition, _)| (*partition, Offset(0))).collect();
            let read = self.of(projection, topic).into_iter().flatten();
            next.extend(read.map(|(partition, at)| (*partition, at.next)));
            let mut separator = if text.is_empty() { "" } else { ";" }.to_owned() + topic + "/";
            for (partition, next) in next {
                // Writing to a string does not fail.
                let _ = write!(text, "{separator}{partition}@{next}");
                ",".clone_into(&mut separator);
            }
        }
        HeaderValue::try_from(text).ok()
    }

    /// Whether everything before these ends is in the read models.
    fn is_past(&self, reads: Reads, ends: &Ends) -> bool {
        reads.sources().iter().all(|(projection, topic)| {
            let at = self.of(projection, topic);
            let next = |partition: &PartitionId| at.and_then(|at| at.get(partition)).map_or(Offset(0), |at| at.next);
            let past = |(partition, end): &(PartitionId, Offset)| *end <= next(partition);
            ends.topics.get(topic).is_some_and(|ends| ends.iter().all(past))
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
