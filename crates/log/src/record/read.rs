//! Reading records. The arbiter needs only type, claim and ordinal; the rest is read of admitted records alone.

use super::{CLAIM, Claim, Ended, Inbox, MARK, SETTLED, Settled, header};
use crate::{Coordinates, EventId, Key, Offset, Ordinal, Stamp, Timestamp, Version};
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
    if record.headers.get_str(header::TYPE) == Some(CLAIM) {
        return match claim_of(record) {
            Some(Claim { claim, previous, .. }) => Stamp::Claim { claim, previous },
            None => Stamp::Unreadable,
        };
    }
    let claim = record.headers.get_str(header::CLAIM).and_then(|text| text.parse().ok());
    let ordinal = record.headers.get_str(header::ORDINAL).and_then(|text| text.parse().ok());
    match (claim, ordinal) {
        (Some(claim), Some(ordinal)) => Stamp::Entry { claim, ordinal: Ordinal(ordinal) },
        _ => Stamp::Unreadable,
    }
}

/// The claim that a record makes, if it makes one.
pub fn claim_of(record: &Record) -> Option<Claim> {
    serde_json::from_slice(record.value.as_deref()?).ok()
}

pub(crate) fn text<'a>(record: &'a Record, name: &'static str) -> Option<&'a str> {
    record.headers.get_str(name)
}

pub(crate) fn required<T: FromStr>(record: &Record, name: &'static str) -> Result<T, EnvelopeError> {
    text(record, name)
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| EnvelopeError { at: coordinates(record), header: name })
}

fn optional<T: FromStr>(record: &Record, name: &'static str) -> Result<Option<T>, EnvelopeError> {
    match text(record, name) {
        None => Ok(None),
        Some(value) => value.parse().map(Some).map_err(|_| EnvelopeError { at: coordinates(record), header: name }),
    }
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
    let type_name =
        text(record, header::TYPE).ok_or_else(|| EnvelopeError { at: coordinates(record), header: header::TYPE })?;
    let is_event = type_name != SETTLED && type_name != MARK;
    let envelope = Envelope {
        id: required(record, header::ID)?,
        type_name: type_name.into(),
        key: match record.key.as_deref().map(std::str::from_utf8) {
            Some(Ok(key)) => key.into(),
            None if !is_event => "".into(),
            _ => return Err(EnvelopeError { at: coordinates(record), header: "key" }),
        },
        version: if is_event { Version(required(record, header::SEQUENCE)?) } else { Version(0) },
        occurred_at: required(record, header::TIME)?,
        recorded_at: millis(record.recorded_at_ms),
        actor: text(record, header::ACTOR).map(Box::from),
        correlation: optional(record, header::CORRELATION)?,
        causation: optional(record, header::CAUSATION)?,
        ends: read_ends(record)?,
        inbox: optional(record, header::INBOX)?,
        at: coordinates(record),
    };
    match type_name {
        MARK => Ok(Entry::Mark(envelope)),
        SETTLED => match serde_json::from_slice(record.value.as_deref().unwrap_or_default()) {
            Ok(settled) => Ok(Entry::Settled(envelope, settled)),
            Err(_) => Err(EnvelopeError { at: coordinates(record), header: "value" }),
        },
        _ => Ok(Entry::Event(envelope)),
    }
}

/// The nth command id, hash, source and floor belong together.
fn read_ends(record: &Record) -> Result<Vec<Ended>, EnvelopeError> {
    let malformed = |header| EnvelopeError { at: coordinates(record), header };
    let mut ends: Vec<Ended> = Vec::new();
    let (mut hashes, mut sources, mut floors) = (0, 0, 0);
    for (name, value) in record.headers.iter() {
        let value = || std::str::from_utf8(value).map_err(|_| malformed("utf-8"));
        match name {
            header::COMMAND => {
                let id = value()?.parse().map_err(|_| malformed(header::COMMAND))?;
                ends.push(Ended { id, hash: None, source: None, floor: None });
            }
            header::COMMAND_HASH => {
                let ended = ends.get_mut(hashes).ok_or_else(|| malformed(header::COMMAND_HASH))?;
                ended.hash = Some(value()?.parse().map_err(|_| malformed(header::COMMAND_HASH))?);
                hashes += 1;
            }
            header::SOURCE => {
                let ended = ends.get_mut(sources).ok_or_else(|| malformed(header::SOURCE))?;
                ended.source = Some(value()?.parse().map_err(|_| malformed(header::SOURCE))?);
                sources += 1;
            }
            header::FLOOR => {
                let ended = ends.get_mut(floors).ok_or_else(|| malformed(header::FLOOR))?;
                let floor = value()?;
                if floor != "-" {
                    ended.floor = Some(Offset(floor.parse().map_err(|_| malformed(header::FLOOR))?));
                }
                floors += 1;
            }
            _ => {}
        }
    }
    Ok(ends)
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
}
impl From<EventId> for Uuid {
    fn from(id: EventId) -> Self {
        id.0
    }
}
