//! Where a topic command comes from, and what its target remembers of that: per reactor and source partition the
//! greatest floor and the ids above it. Whatever comes from below the floor is a repeat, for ever, in bounded memory.

use crate::rules::{Rule, kept};
use crate::{CommandId, LogId, Offset, PartitionId};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// The record and step that caused a command; as text `reactor/log/topic/partition@offset/step`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which reactor, of which source partition of which log.
    pub partition: SourcePartition,
    /// The causing record.
    pub offset: Offset,
    /// Names the command among those of the same cause.
    pub step: Box<str>,
}

/// A reactor and one partition that it reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourcePartition {
    /// The reactor's name.
    pub reactor: Arc<str>,
    /// The history that it reads: a restored copy is another.
    pub log: LogId,
    /// The topic that it reads.
    pub topic: Arc<str>,
    /// The partition that it reads.
    pub partition: PartitionId,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourcePartition { reactor, log, topic, partition } = &self.partition;
        write!(f, "{reactor}/{log}/{topic}/{}@{}/{}", partition.0, self.offset.0, self.step)
    }
}

/// The text is no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form reactor/log/topic/partition@offset/step")]
pub struct InvalidSource;

impl std::str::FromStr for Source {
    type Err = InvalidSource;
    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        let mut parts = text.splitn(5, '/');
        let mut part = || parts.next().filter(|part| !part.is_empty()).ok_or(InvalidSource);
        let (reactor, log, topic, place, step) = (part()?, part()?, part()?, part()?, part()?);
        let (partition, offset) = place.split_once('@').ok_or(InvalidSource)?;
        let partition: i32 = partition.parse().map_err(|_| InvalidSource)?;
        let offset: i64 = offset.parse().map_err(|_| InvalidSource)?;
        if partition < 0 || offset < 0 {
            return Err(InvalidSource);
        }
        Ok(Self {
            partition: SourcePartition {
                reactor: reactor.into(),
                log: log.parse().map_err(|_| InvalidSource)?,
                topic: topic.into(),
                partition: PartitionId(partition),
            },
            offset: Offset(offset),
            step: step.into(),
        })
    }
}

/// A keyed HMAC-SHA256, cut to 128 bits, of a command's whole body: the same key with another body is noticed, and the
/// log does not give away what was in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommandHash([u8; 16]);

impl CommandHash {
    /// The hash of a body.
    pub fn keyed(key: &[u8], body: &[u8]) -> Self {
        let mut hash = [0; 16];
        if let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(key) {
            mac.update(body);
            hash.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        }
        Self(hash)
    }
}

impl fmt::Display for CommandHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for CommandHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandHash({self})")
    }
}

impl std::str::FromStr for CommandHash {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(|hash| Self(hash.to_be_bytes()))
    }
}

/// Whether a topic command is new to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// Never seen.
    New,
    /// Ended before: it needs no record and causes nothing.
    Repeat,
    /// Its id ended before with another body.
    Conflict,
}

/// What a target partition remembers of the topic commands that it has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows(HashMap<SourcePartition, Window>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    floor: Offset,
    above: BTreeMap<(Offset, CommandId), CommandHash>,
}

impl Windows {
    /// Whether the command is new.
    pub fn judge(&self, source: &Source, id: CommandId, hash: CommandHash) -> Novelty {
        match self.0.get(&source.partition) {
            None => Novelty::New,
            Some(window) if kept(Rule::Floors) && source.offset < window.floor => Novelty::Repeat,
            Some(window) => match window.above.get(&(source.offset, id)) {
                None => Novelty::New,
                Some(known) if *known == hash => Novelty::Repeat,
                Some(_) => Novelty::Conflict,
            },
        }
    }

    /// Whether the command has ended.
    pub fn has_ended(&self, source: &Source, id: CommandId) -> bool {
        let ended = |window: &Window| source.offset < window.floor || window.above.contains_key(&(source.offset, id));
        self.0.get(&source.partition).is_some_and(ended)
    }

    /// Remembers a command that has ended. The floor is what its reactor had committed for the source partition: all
    /// commands caused below it stand in the commands partition before this one, and so have ended.
    pub fn record(&mut self, source: &Source, floor: Option<Offset>, id: CommandId, hash: CommandHash) {
        let window = match self.0.get_mut(&source.partition) {
            Some(window) => window,
            None => self.0.entry(source.partition.clone()).or_default(),
        };
        if let Some(floor) = floor.filter(|floor| *floor > window.floor) {
            window.floor = floor;
            window.above = window.above.split_off(&(floor, CommandId(uuid::Uuid::nil())));
        }
        if source.offset >= window.floor {
            window.above.entry((source.offset, id)).or_insert(hash);
        }
    }

    /// How many ids are kept above the floors.
    pub fn ids(&self) -> usize {
        self.0.values().map(|window| window.above.len()).sum()
    }
}

#[cfg(test)]
mod tests;
