//! Keys and values of the local store, in MessagePack. A state is written with the names of its fields and in its
//! readable form, as JSON would be: it holds bodies of events, whose absent fields, flattened parts and tags a form
//! without names cannot carry. Everything else is written compactly.

use super::StoreError;
use crate::fold::{Head, Seen, Slot};
use crate::{Aggregate, CommandId, EventId, LogId, Offset, PartitionId, Timestamp, Topic, Version};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the head stands.
pub(super) const HEAD: &[u8] = b"h";
/// What keys of deadlines begin with.
pub(super) const DEADLINES: &[u8] = b"d";

/// Where an aggregate stands.
pub(super) fn slot_key(key: &str) -> Vec<u8> {
    [b"s", key.as_bytes()].concat()
}

/// Where an aggregate's deadline stands.
pub(super) fn deadline_key(key: &str) -> Vec<u8> {
    [DEADLINES, key.as_bytes()].concat()
}

/// Where a command by HTTP stands.
pub(super) fn command_key(id: CommandId) -> Vec<u8> {
    [b"c", id.0.as_bytes().as_slice()].concat()
}

pub(super) fn head(head: &Head) -> Result<Vec<u8>, StoreError> {
    Ok(rmp_serde::to_vec(head)?)
}

pub(super) fn read_head(bytes: &[u8]) -> Result<Head, StoreError> {
    Ok(rmp_serde::from_slice(bytes)?)
}

pub(super) fn seen(seen: &Seen) -> Result<Vec<u8>, StoreError> {
    Ok(rmp_serde::to_vec(seen)?)
}

pub(super) fn read_seen(bytes: &[u8]) -> Result<Seen, StoreError> {
    Ok(rmp_serde::from_slice(bytes)?)
}

pub(super) fn deadline(deadline: Timestamp) -> Result<Vec<u8>, StoreError> {
    Ok(rmp_serde::to_vec(&deadline)?)
}

pub(super) fn read_deadline(bytes: &[u8]) -> Result<Timestamp, StoreError> {
    Ok(rmp_serde::from_slice(bytes)?)
}

#[derive(Serialize)]
struct SlotHead<'a>(Version, EventId, &'a BTreeMap<(LogId, Topic, PartitionId), Offset>);

#[derive(Deserialize)]
struct ReadSlotHead(Version, EventId, BTreeMap<(LogId, Topic, PartitionId), Offset>);

pub(super) fn slot<A: Aggregate>(slot: &Slot<A>) -> Result<Vec<u8>, StoreError> {
    let mut bytes = rmp_serde::to_vec(&SlotHead(slot.version, slot.last_event, &slot.sources))?;
    write_state(&mut bytes, &slot.state)?;
    Ok(bytes)
}

pub(super) fn read_slot<A: Aggregate>(mut bytes: &[u8]) -> Result<Slot<A>, StoreError> {
    let ReadSlotHead(version, last_event, sources) = rmp_serde::from_read(&mut bytes)?;
    Ok(Slot::new(read_state(bytes)?, version, last_event, sources))
}

fn write_state<S: Serialize>(bytes: &mut Vec<u8>, state: &S) -> Result<(), StoreError> {
    let mut writer = rmp_serde::Serializer::new(bytes).with_struct_map().with_human_readable();
    Ok(state.serialize(&mut writer)?)
}

fn read_state<S: DeserializeOwned>(bytes: &[u8]) -> Result<S, StoreError> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes).with_human_readable();
    Ok(S::deserialize(&mut reader)?)
}

/// A state as it is stored and read again: what a test of an aggregate compares.
#[doc(hidden)]
pub fn through_store<S: Serialize + DeserializeOwned>(state: &S) -> Option<(Vec<u8>, S)> {
    let mut bytes = Vec::new();
    write_state(&mut bytes, state).ok()?;
    let read = read_state(&bytes).ok()?;
    Some((bytes, read))
}
