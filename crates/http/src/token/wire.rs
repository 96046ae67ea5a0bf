//! The bytes of a consistency token: version, topics, logs, entries that point into both, truncated MAC; base64url.
//! Numbers are LEB128 as in Protocol Buffers. Nothing is read before the MAC was verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{Covered, InvalidToken};
use crate::coordinates::{Offset, PartitionId};
use crate::mac::MacKey;

/// A token with more entries than this is refused.
pub(super) const MAX_ENTRIES: usize = 256;
/// A token of more characters than this is refused unread.
pub(super) const MAX_TEXT: usize = 12 * 1024;

const VERSION: u8 = 1;
const MAC_BYTES: usize = 16;

pub(super) fn encode(entries: &[Covered], key: &MacKey) -> String {
    let mut bytes = Vec::with_capacity(48 + 32 * entries.len() + MAC_BYTES);
    bytes.push(VERSION);
    let topics = distinct(entries.iter().map(|covered| covered.topic.as_str()));
    put_number(&mut bytes, topics.len() as u64);
    for topic in &topics {
        put_number(&mut bytes, topic.len() as u64);
        bytes.extend_from_slice(topic.as_bytes());
    }
    let logs = distinct(entries.iter().map(|covered| covered.log));
    put_number(&mut bytes, logs.len() as u64);
    for log in &logs {
        bytes.extend_from_slice(log.as_bytes());
    }
    put_number(&mut bytes, entries.len() as u64);
    for covered in entries {
        put_number(&mut bytes, place(&topics, &covered.topic.as_str()));
        put_number(&mut bytes, place(&logs, &covered.log));
        put_number(&mut bytes, u64::try_from(covered.partition.0).unwrap_or_default());
        put_number(&mut bytes, u64::try_from(covered.offset.0).unwrap_or_default());
    }
    let tag = key.tag(&bytes);
    bytes.extend_from_slice(&tag[..MAC_BYTES]);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn decode(text: &str, key: &MacKey) -> Result<Vec<Covered>, InvalidToken> {
    if text.len() > MAX_TEXT {
        return Err(InvalidToken);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidToken)?;
    let (message, tag) = bytes.split_last_chunk::<MAC_BYTES>().ok_or(InvalidToken)?;
    if !key.verifies(message, tag) {
        return Err(InvalidToken);
    }
    let mut rest = Rest(message);
    if rest.take(1)? != [VERSION] {
        return Err(InvalidToken);
    }
    let topics = rest.many(|rest| {
        let length = rest.number()?;
        let name = rest.take(usize::try_from(length).map_err(|_| InvalidToken)?)?;
        std::str::from_utf8(name).map_err(|_| InvalidToken)
    })?;
    let logs = rest.many(|rest| Uuid::from_slice(rest.take(16)?).map_err(|_| InvalidToken))?;
    let entries = rest.many(|rest| {
        Ok(Covered {
            topic: (*rest.pointed(&topics)?).to_owned(),
            log: *rest.pointed(&logs)?,
            partition: PartitionId(i32::try_from(rest.number()?).map_err(|_| InvalidToken)?),
            offset: Offset(i64::try_from(rest.number()?).map_err(|_| InvalidToken)?),
        })
    })?;
    if rest.0.is_empty() { Ok(entries) } else { Err(InvalidToken) }
}

fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

fn place<T: PartialEq>(values: &[T], value: &T) -> u64 {
    values.iter().position(|held| held == value).unwrap_or_default() as u64
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], InvalidToken> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(InvalidToken)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, InvalidToken> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(InvalidToken);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(InvalidToken)
    }

    fn pointed<'t, T>(&mut self, table: &'t [T]) -> Result<&'t T, InvalidToken> {
        let place = usize::try_from(self.number()?).map_err(|_| InvalidToken)?;
        table.get(place).ok_or(InvalidToken)
    }

    fn many<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, InvalidToken>) -> Result<Vec<T>, InvalidToken> {
        let count = self.number()?;
        if count > MAX_ENTRIES as u64 {
            return Err(InvalidToken);
        }
        (0..count).map(|_| one(self)).collect()
    }
}
