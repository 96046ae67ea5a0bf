//! Reading records. The arbiter needs only type, claim and ordinal; the rest is read of admitted records alone.

use super::{CLAIM, Claim, Ended, Inbox, MARK, SETTLED, Settled, header};
use crate::{Coordinates, EventId, Key, Offset, Ordinal, PartitionId, Stamp, Timestamp, Version};
use std::str::FromStr;
use tillroll_kafka::Record;
use uuid::Uuid;

/// What an admitted record says.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Something happened.
    Event(Envelope),
    /// Topic commands ended without an event.
    Settled(Envelope, Settled),
    /// Nothing but its place.
    Mark(Envelope),
}

impl Entry {
    /// The metadata that all three have.
    pub fn envelope(&self) -> &Envelope {
        match self {
            Self::Event(envelope) | Self::Settled(envelope, _) | Self::Mark(envelope) => envelope,
        }
    }
}

/// The metadata of an admitted record.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Its id.
    pub id: EventId,
    /// `order.placed.v1`
    pub type_name: Box<str>,
    /// The aggregate; empty for marks and for settled commands that could not be read.
    pub key: Key,
    /// The aggregate's version after it; 0 if it is not an event.
    pub version: Version,
    /// When it happened (business time).
    pub occurred_at: Timestamp,
    /// When Kafka stored it.
    pub recorded_at: Timestamp,
    /// Who asked.
    pub actor: Option<Box<str>>,
    /// What belongs together across aggregates.
    pub correlation: Option<Uuid>,
    /// The record that caused it.
    pub causation: Option<Uuid>,
    /// The commands that it ends.
    pub ends: Vec<Ended>,
    /// How far the commands partition has ended.
    pub inbox: Option<Inbox>,
    /// Its place.
    pub at: Coordinates,
}

/// An admitted record is not of the protocol's shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: header {header} is missing or malformed")]
pub struct EnvelopeError {
    /// Which record.
    pub at: Coordinates,
    /// Which header, or `value`.
    pub header: &'static str,
}

/// What the arbiter looks at.
pub fn stamp_of(record: &Record) -> Stamp {
    let (mut type_name, mut claim, mut ordinal) = (None, None, None);
    for (name, value) in record.headers.iter() {
        match name {
            header::TYPE => type_name = type_name.or(Some(value)),
            header::CLAIM => claim = claim.or(Some(value)),
            header::ORDINAL => ordinal = ordinal.or(Some(value)),
            _ => continue,
        }
        if type_name.is_some() && claim.is_some() && ordinal.is_some() {
            break;
        }
    }
    if type_name == Some(CLAIM.as_bytes()) {
        return match claim_of(record) {
            Some(Claim { claim, previous, .. }) => Stamp::Claim { claim, previous },
            None => Stamp::Unreadable,
        };
    }
    match (parsed(claim), parsed(ordinal)) {
        (Some(claim), Some(ordinal)) => Stamp::Entry { claim, ordinal: Ordinal(ordinal) },
        _ => Stamp::Unreadable,
    }
}

fn parsed<T: FromStr>(value: Option<&[u8]>) -> Option<T> {
    utf8(value?)?.parse().ok()
}

fn utf8(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

/// The claim that a record makes, if it makes one.
pub fn claim_of(record: &Record) -> Option<Claim> {
    serde_json::from_slice(record.value.as_deref()?).ok()
}

pub(crate) fn text<'a>(record: &'a Record, name: &'static str) -> Option<&'a str> {
    record.headers.get_str(name)
}

pub(crate) fn required<T: FromStr>(record: &Record, name: &'static str) -> Result<T, EnvelopeError> {
    as_required(record, name, record.headers.get(name))
}

fn coordinates(record: &Record) -> Coordinates {
    Coordinates { topic: record.topic.clone(), partition: record.partition, offset: record.offset }
}

/// Milliseconds since 1970 as a time; Kafka's clock cannot leave chrono's range.
pub(crate) fn millis(since_epoch: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(since_epoch).unwrap_or_default()
}

/// Reads an admitted record.
pub fn read_entry(record: &Record) -> Result<Entry, EnvelopeError> {
    let found = Found::of(record);
    let malformed = |header| EnvelopeError { at: coordinates(record), header };
    let type_name = found.type_name.and_then(utf8).ok_or_else(|| malformed(header::TYPE))?;
    let is_event = type_name != SETTLED && type_name != MARK;
    let envelope = Envelope {
        id: as_required(record, header::ID, found.id)?,
        type_name: type_name.into(),
        key: match record.key.as_deref().map(std::str::from_utf8) {
            Some(Ok(key)) => key.into(),
            None if !is_event => "".into(),
            _ => return Err(malformed("key")),
        },
        version: if is_event { Version(as_required(record, header::SEQUENCE, found.sequence)?) } else { Version(0) },
        occurred_at: as_required(record, header::TIME, found.time)?,
        recorded_at: millis(record.recorded_at_ms),
        actor: found.actor.and_then(utf8).map(Box::from),
        correlation: optional(record, header::CORRELATION, found.correlation)?,
        causation: optional(record, header::CAUSATION, found.causation)?,
        ends: found.ends.map_err(malformed)?,
        inbox: optional(record, header::INBOX, found.inbox)?,
        at: coordinates(record),
    };
    match type_name {
        MARK => Ok(Entry::Mark(envelope)),
        SETTLED => match serde_json::from_slice(record.value.as_deref().unwrap_or_default()) {
            Ok(settled) => Ok(Entry::Settled(envelope, settled)),
            Err(_) => Err(malformed("value")),
        },
        _ => Ok(Entry::Event(envelope)),
    }
}

/// An admitted record's headers, the first of each name, found in one walk: whoever folds a log reads little else.
struct Found<'a> {
    type_name: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    sequence: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    actor: Option<&'a [u8]>,
    correlation: Option<&'a [u8]>,
    causation: Option<&'a [u8]>,
    inbox: Option<&'a [u8]>,
    /// Or the header that is malformed.
    ends: Result<Vec<Ended>, &'static str>,
}

impl<'a> Found<'a> {
    fn of(record: &'a Record) -> Self {
        let (type_name, id, sequence, time) = (None, None, None, None);
        let (actor, correlation, causation, inbox) = (None, None, None, None);
        let ends = Ok(Vec::new());
        let mut found = Self { type_name, id, sequence, time, actor, correlation, causation, inbox, ends };
        let mut ends = Ends::default();
        for (name, value) in record.headers.iter() {
            let place = match name {
                header::TYPE => &mut found.type_name,
                header::ID => &mut found.id,
                header::SEQUENCE => &mut found.sequence,
                header::TIME => &mut found.time,
                header::ACTOR => &mut found.actor,
                header::CORRELATION => &mut found.correlation,
                header::CAUSATION => &mut found.causation,
                header::INBOX => &mut found.inbox,
                _ => {
                    ends.take(name, value);
                    continue;
                }
            };
            *place = place.or(Some(value));
        }
        found.ends = match ends.malformed {
            None => Ok(ends.ends),
            Some(header) => Err(header),
        };
        found
    }
}

/// The nth command id, hash, source and floor belong together.
#[derive(Default)]
struct Ends {
    ends: Vec<Ended>,
    hashes: usize,
    sources: usize,
    floors: usize,
    malformed: Option<&'static str>,
}

impl Ends {
    fn take(&mut self, name: &str, value: &[u8]) {
        let (header, taken) = match name {
            header::COMMAND => (header::COMMAND, self.command(value)),
            header::COMMAND_HASH => (header::COMMAND_HASH, self.hash(value)),
            header::SOURCE => (header::SOURCE, self.source(value)),
            header::FLOOR => (header::FLOOR, self.floor(value)),
            _ => return,
        };
        if taken.is_none() {
            self.malformed = self.malformed.or(Some(header));
        }
    }

    fn command(&mut self, value: &[u8]) -> Option<()> {
        let id = parsed(Some(value))?;
        self.ends.push(Ended { id, hash: None, source: None, floor: None });
        Some(())
    }

    fn hash(&mut self, value: &[u8]) -> Option<()> {
        self.ends.get_mut(self.hashes)?.hash = Some(parsed(Some(value))?);
        self.hashes += 1;
        Some(())
    }

    fn source(&mut self, value: &[u8]) -> Option<()> {
        self.ends.get_mut(self.sources)?.source = Some(parsed(Some(value))?);
        self.sources += 1;
        Some(())
    }

    fn floor(&mut self, value: &[u8]) -> Option<()> {
        let ended = self.ends.get_mut(self.floors)?;
        if value != b"-" {
            ended.floor = Some(Offset(parsed(Some(value))?));
        }
        self.floors += 1;
        Some(())
    }
}

fn as_required<T: FromStr>(record: &Record, header: &'static str, value: Option<&[u8]>) -> Result<T, EnvelopeError> {
    parsed(value).ok_or_else(|| EnvelopeError { at: coordinates(record), header })
}

fn optional<T: FromStr>(
    record: &Record,
    header: &'static str,
    value: Option<&[u8]>,
) -> Result<Option<T>, EnvelopeError> {
    let parse = |text: &str| text.parse().map_err(|_| EnvelopeError { at: coordinates(record), header });
    value.and_then(utf8).map(parse).transpose()
}

impl FromStr for Inbox {
    type Err = crate::InvalidCoordinates;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (topic, next) = text.split_once('@').ok_or(crate::InvalidCoordinates)?;
        let topic = topic.parse().map_err(|_| crate::InvalidCoordinates)?;
        let next = next.parse().map_err(|_| crate::InvalidCoordinates)?;
        Ok(Self { topic, next: Offset(next) })
    }
}

impl Coordinates {
    /// The place of a record.
    pub fn of(record: &Record) -> Self {
        coordinates(record)
    }

    /// Another place in the same partition.
    pub fn with_offset(&self, offset: Offset) -> Self {
        Self { topic: self.topic.clone(), partition: PartitionId(self.partition.0), offset }
    }
}
impl From<EventId> for Uuid {
    fn from(id: EventId) -> Self {
        id.0
    }
}
