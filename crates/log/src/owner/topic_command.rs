//! A command by topic: what can be read of it, and why it may have to go to the dead letters.

use super::CommandFault;
use crate::record::{Ended, EnvelopeError, Origin, SettledCommand, header, required, text};
use crate::{Aggregate, Body, CommandHash, CommandId, Coordinates, DecodeError, Key, Offset, Source};
use std::sync::Arc;
use tillroll_kafka::{PartitionId, Record, partition_for};

/// Key and headers together, in bytes: they come back in the record that ends the command, which must have room.
const MOST_HEAD_BYTES: usize = 16 * 1024;
/// Of why a command went to the dead letters, in characters: an error may repeat what it is about.
const LONGEST_REASON: usize = 1_000;

/// Why a command is for the dead letters.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// Its headers are not of this build's protocol.
    #[error(transparent)]
    Head(#[from] EnvelopeError),
    /// Nobody can say which aggregate it is for.
    #[error("{0}: the key is no text")]
    Key(Coordinates),
    /// What identifies it would fill the record that ends it.
    #[error("{at}: key and headers have {bytes} bytes, {MOST_HEAD_BYTES} are allowed")]
    Large {
        /// Where it stands.
        at: Coordinates,
        /// Both together.
        bytes: usize,
    },
    /// What it says was caused below what its reactor had committed then: then it says nothing that is true.
    #[error("{0}: its floor is beyond the record that caused it")]
    Floor(Coordinates),
    /// Its aggregate is at home elsewhere: here it would begin a second life.
    #[error("{at}: its key belongs into partition {home}")]
    Misplaced {
        /// Where it stands.
        at: Coordinates,
        /// Where it belongs.
        home: PartitionId,
    },
    /// Its body is not one that this build reads.
    #[error(transparent)]
    Body(Arc<DecodeError>),
    /// It can be read, and not be carried out.
    #[error(transparent)]
    Fault(#[from] CommandFault),
}

/// A command as it stands in the commands topic.
#[derive(Clone, Debug)]
pub struct TopicCommand<A: Aggregate> {
    pub(super) record: Arc<Record>,
    pub(super) head: Option<Head>,
    pub(super) body: Result<A::Command, Unreadable>,
    pub(super) letter: Letter,
    /// It was part of a run that could not be one record: it is decided by itself.
    pub(super) alone: bool,
}

/// What can be read of a command even if its body cannot.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) id: CommandId,
    pub(super) hash: CommandHash,
    key: Key,
    type_name: Box<str>,
    pub(super) source: Source,
    floor: Option<Offset>,
    origin: Origin,
}

/// Whether the command lies in the dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letter {
    No,
    Asked,
    Acknowledged,
}

impl<A: Aggregate> TopicCommand<A> {
    /// Reads a record of the commands topic; what cannot be read goes to the dead letters when its turn comes.
    pub fn read(record: Arc<Record>, hash_key: &[u8]) -> Self {
        let head = read_head(&record, hash_key);
        let body = match &head {
            Ok(head) => A::Command::decode(&head.type_name, record.value.as_deref().unwrap_or_default())
                .map_err(|error| Unreadable::Body(Arc::new(error))),
            Err(why) => Err(why.clone()),
        };
        Self { record, head: head.ok(), body, letter: Letter::No, alone: false }
    }

    /// The same, fit for nothing but the dead letters if its key belongs into another partition than this one.
    pub(super) fn placed(mut self, here: PartitionId, partitions: i32) -> Self {
        let home = self.head.as_ref().map(|head| partition_for(head.key.as_bytes(), partitions));
        if let Some(home) = home.filter(|home| *home != here) {
            self.body = Err(Unreadable::Misplaced { at: Coordinates::of(&self.record), home });
        }
        self
    }

    pub(super) fn origin(&self) -> Origin {
        self.head.as_ref().map(|head| head.origin.clone()).unwrap_or_default()
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        let Head { id, hash, source, floor, .. } = self.head.as_ref()?;
        Some(Ended { id: *id, hash: Some(*hash), source: Some(source.clone()), floor: *floor })
    }

    /// Why it goes to the dead letters.
    pub(super) fn why(&self) -> String {
        let why = self.body.as_ref().err().map(Unreadable::to_string).unwrap_or_default();
        why.chars().take(LONGEST_REASON).collect()
    }

    pub(super) fn has_id_of(&self, other: &Self) -> bool {
        match (&self.head, &other.head) {
            (Some(one), Some(other)) => one.id == other.id,
            _ => false,
        }
    }

    pub(super) fn key(&self) -> Key {
        self.head.as_ref().map_or_else(|| "".into(), |head| head.key.clone())
    }

    pub(super) fn settled(&self) -> Option<SettledCommand> {
        let type_name = self.head.as_ref()?.type_name.to_string();
        let value = String::from_utf8(self.record.value.as_ref()?.to_vec()).ok()?;
        Some(SettledCommand { type_name, body: serde_json::value::RawValue::from_string(value).ok()? })
    }
}

fn read_head(record: &Record, hash_key: &[u8]) -> Result<Head, Unreadable> {
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let bytes = headers + record.key.as_ref().map_or(0, |key| key.len());
    if bytes > MOST_HEAD_BYTES {
        return Err(Unreadable::Large { at: Coordinates::of(record), bytes });
    }
    let key = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()).filter(|key| !key.is_empty());
    let floor = match text(record, header::FLOOR) {
        None | Some("-") => None,
        Some(_) => Some(Offset(required(record, header::FLOOR)?)),
    };
    let source: Source = required(record, header::SOURCE)?;
    if floor.is_some_and(|floor| floor > source.offset) {
        return Err(Unreadable::Floor(Coordinates::of(record)));
    }
    Ok(Head {
        id: required(record, header::ID)?,
        hash: CommandHash::keyed(hash_key, record.value.as_deref().unwrap_or_default()),
        key: key.ok_or_else(|| Unreadable::Key(Coordinates::of(record)))?.into(),
        type_name: required::<String>(record, header::TYPE)?.into(),
        source,
        floor,
        origin: Origin {
            actor: text(record, header::ACTOR).map(Box::from),
            correlation: text(record, header::CORRELATION).and_then(|id| id.parse().ok()),
            causation: text(record, header::CAUSATION).and_then(|id| id.parse().ok()),
            traceparent: text(record, header::TRACEPARENT).map(Box::from),
        },
    })
}
