//! Writing records. One writer per claim; it knows what is the same on each of its records.

use super::{CLAIM, Claim, Ended, Inbox, MARK, SETTLED, Settled, header};
use crate::{ClaimId, EventId, Key, Ordinal, PartitionId, Timestamp, Topic, Version};
use bytes::Bytes;
use chrono::SecondsFormat::Millis;
use std::fmt::Display;
use tillroll_kafka::NewRecord;
use uuid::Uuid;

/// A UUID v7 (RFC 9562) whose random part is made of claim and ordinal: unique, and no randomness in the owner.
pub fn event_id(claim: ClaimId, ordinal: Ordinal, at: Timestamp) -> EventId {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    let (high, low) = claim.0.as_u64_pair();
    let mut random = [0; 10];
    // The version and variant bits of the claim's own UUID are constant: fold the halves so that none is lost.
    let folded = low.rotate_left(17) ^ high;
    random[2..].copy_from_slice(&folded.wrapping_add(ordinal.0.rotate_left(1)).to_be_bytes());
    random[..2].copy_from_slice(&high.to_be_bytes()[..2]);
    EventId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// The metadata of an event or settled record that depends on its command.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Who asked.
    pub actor: Option<Box<str>>,
    /// What belongs together across aggregates.
    pub correlation: Option<Uuid>,
    /// The record that caused the command.
    pub causation: Option<Uuid>,
    /// W3C trace context.
    pub traceparent: Option<Box<str>>,
}

/// What stands on every entry: its id, when it happened, and the protocol's own headers.
pub struct Place<'a> {
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The claim.
    pub claim: ClaimId,
    /// Its place within the claim.
    pub ordinal: Ordinal,
    /// How far the commands partition has ended.
    pub inbox: Option<Inbox>,
    /// The commands that it ends.
    pub ends: &'a [Ended],
}

/// Makes the records of one partition.
#[derive(Clone, Debug)]
pub struct Writer {
    /// The events topic.
    pub topic: Topic,
    /// The partition.
    pub partition: PartitionId,
    source: Bytes,
}

fn shown(value: impl Display) -> Bytes {
    Bytes::from(value.to_string())
}

fn time(at: Timestamp) -> Bytes {
    Bytes::from(at.to_rfc3339_opts(Millis, true))
}

impl Writer {
    /// For that partition of the aggregate's events topic. The source is the collection: `/orders`.
    pub fn new(topic: Topic, partition: PartitionId, aggregate: &str) -> Self {
        Self { topic, partition, source: Bytes::from(format!("/{aggregate}s")) }
    }

    /// An event.
    pub fn event(
        &self,
        place: &Place<'_>,
        origin: &Origin,
        (key, version): (&Key, Version),
        type_name: &'static str,
        value: Vec<u8>,
    ) -> NewRecord {
        let mut headers = self.entry_headers(Bytes::from_static(type_name.as_bytes()), place);
        headers.push((header::SUBJECT, Bytes::copy_from_slice(key.as_bytes())));
        headers.push((header::SEQUENCE, shown(version)));
        push_origin(&mut headers, origin);
        self.record(Some(key), headers, value)
    }

    /// A settled record. The key is empty if the command's could not be read.
    pub fn settled(
        &self,
        place: &Place<'_>,
        origin: &Origin,
        key: &Key,
        settled: &Settled,
    ) -> Result<NewRecord, serde_json::Error> {
        let mut headers = self.entry_headers(Bytes::from_static(SETTLED.as_bytes()), place);
        headers.push((header::SUBJECT, Bytes::copy_from_slice(key.as_bytes())));
        push_origin(&mut headers, origin);
        Ok(self.record(Some(key), headers, serde_json::to_vec(settled)?))
    }

    /// A mark.
    pub fn mark(&self, place: &Place<'_>) -> NewRecord {
        let headers = self.entry_headers(Bytes::from_static(MARK.as_bytes()), place);
        self.record(None, headers, b"{}".to_vec())
    }

    /// A claim.
    pub fn claim(&self, claim: &Claim, at: Timestamp) -> Result<NewRecord, serde_json::Error> {
        let headers = vec![
            (header::SPEC_VERSION, Bytes::from_static(b"1.0")),
            (header::ID, shown(claim.claim)),
            (header::CE_SOURCE, self.source.clone()),
            (header::TYPE, Bytes::from_static(CLAIM.as_bytes())),
            (header::TIME, time(at)),
            (header::CONTENT_TYPE, Bytes::from_static(b"application/json")),
        ];
        Ok(self.record(None, headers, serde_json::to_vec(claim)?))
    }

    fn entry_headers(&self, type_name: Bytes, place: &Place<'_>) -> Vec<(&'static str, Bytes)> {
        let mut headers = Vec::with_capacity(20);
        headers.extend([
            (header::SPEC_VERSION, Bytes::from_static(b"1.0")),
            (header::ID, shown(place.id)),
            (header::CE_SOURCE, self.source.clone()),
            (header::TYPE, type_name),
            (header::TIME, time(place.occurred_at)),
            (header::CONTENT_TYPE, Bytes::from_static(b"application/json")),
            (header::CLAIM, shown(place.claim)),
            (header::ORDINAL, shown(place.ordinal)),
        ]);
        if let Some(inbox) = place.inbox {
            headers.push((header::INBOX, shown(inbox)));
        }
        for ended in place.ends {
            headers.push((header::COMMAND, shown(ended.id)));
            if let Some(hash) = ended.hash {
                headers.push((header::COMMAND_HASH, shown(hash)));
            }
            if let Some(source) = &ended.source {
                headers.push((header::SOURCE, shown(source)));
                let floor = ended.floor.map_or(Bytes::from_static(b"-"), |floor| shown(floor.0));
                headers.push((header::FLOOR, floor));
            }
        }
        headers
    }

    fn record(&self, key: Option<&Key>, headers: Vec<(&'static str, Bytes)>, value: Vec<u8>) -> NewRecord {
        NewRecord {
            topic: self.topic.clone(),
            partition: self.partition,
            key: key.map(|key| Bytes::copy_from_slice(key.as_bytes())),
            headers,
            value: Some(Bytes::from(value)),
        }
    }
}

fn push_origin(headers: &mut Vec<(&'static str, Bytes)>, origin: &Origin) {
    let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    headers.extend(origin.correlation.map(|id| (header::CORRELATION, shown(id))));
    headers.extend(origin.causation.map(|id| (header::CAUSATION, shown(id))));
    headers.extend(origin.actor.as_deref().map(|actor| (header::ACTOR, text(actor))));
    headers.extend(origin.traceparent.as_deref().map(|trace| (header::TRACEPARENT, text(trace))));
}
