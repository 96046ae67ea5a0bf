//! What a sealed text says of itself in the clear: which key, which command brought it, which field it is. All of it is
//! authenticated with the text, so that none can stand for another.

use uuid::Uuid;

use crate::key_name::{self, KeyName};
use crate::person_key::{MARK, Mark};
use crate::{Error, Malformed};

/// What a sealed text says of itself. Nobody vouches for it before the text is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The key that opens it.
    pub key: KeyName,
    /// The command with which the text came.
    pub command_id: Uuid,
    /// What it is: 1 to 64 characters `a-z`, `0-9`, `.`, `_`, `-`.
    pub field: Box<str>,
    pub(crate) mark: Mark,
}

const COMMAND: usize = 16;
const LONGEST_FIELD: usize = 64;

/// Whether it can name a field.
fn names_a_field(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    (1..=LONGEST_FIELD).contains(&text.len()) && text.bytes().all(plain)
}

impl Label {
    pub(crate) fn new(key: KeyName, mark: Mark, command_id: Uuid, field: &str) -> Result<Self, Error> {
        if !names_a_field(field) {
            return Err(Error::FieldName);
        }
        Ok(Self { key, command_id, field: field.into(), mark })
    }

    /// Key name, mark, command, length of the field's name, the field's name.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // A field's name has at most 64 bytes.
        let length = self.field.len() as u8;
        let mut bytes = Vec::with_capacity(key_name::LENGTH + MARK + COMMAND + 1 + self.field.len());
        bytes.extend_from_slice(&self.key.to_bytes());
        bytes.extend_from_slice(&self.mark);
        bytes.extend_from_slice(self.command_id.as_bytes());
        bytes.push(length);
        bytes.extend_from_slice(self.field.as_bytes());
        bytes
    }

    /// The label at the beginning of the bytes, and what comes behind it.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        Self::parse(bytes).ok_or(Malformed)
    }

    fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (key, bytes) = bytes.split_first_chunk()?;
        let (mark, bytes) = bytes.split_first_chunk()?;
        let (command, bytes) = bytes.split_first_chunk::<COMMAND>()?;
        let (length, bytes) = bytes.split_first()?;
        let (field, rest) = bytes.split_at_checked(usize::from(*length))?;
        let field = std::str::from_utf8(field).ok().filter(|field| names_a_field(field))?;
        let key = KeyName::from_bytes(key)?;
        Some((Self { key, command_id: Uuid::from_bytes(*command), field: field.into(), mark: *mark }, rest))
    }
}

#[cfg(test)]
mod tests;
