//! Which key: whose, what for, and the how-manieth.

use std::fmt;
use uuid::Uuid;

/// What a key is for, and so how long it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Everything about a person that is erased when the person asks for it.
    Personal,
    /// What the law wants kept for its term: names and addresses on invoices and credit notes.
    Fiscal,
}

/// Names one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// Whose data it seals.
    pub person: Uuid,
    /// What for.
    pub kind: Kind,
    /// Of a personal key 1; of a fiscal one the calendar year of its documents.
    pub generation: u16,
}

/// Bytes of a name.
pub(crate) const LENGTH: usize = 19;

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Fiscal => "fiscal",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Personal, Self::Fiscal].into_iter().find(|kind| kind.as_str() == text)
    }

    fn code(self) -> u8 {
        match self {
            Self::Personal => 1,
            Self::Fiscal => 2,
        }
    }
}

impl KeyName {
    /// The key of everything about a person that is erased on demand.
    pub fn personal(person: Uuid) -> Self {
        Self { person, kind: Kind::Personal, generation: 1 }
    }

    /// The key of a person's documents of this calendar year.
    pub fn fiscal(person: Uuid, year: u16) -> Self {
        Self { person, kind: Kind::Fiscal, generation: year }
    }

    /// The form that is authenticated: kind, person, generation.
    pub(crate) fn to_bytes(self) -> [u8; LENGTH] {
        let mut bytes = [self.kind.code(); LENGTH];
        bytes[1..17].copy_from_slice(self.person.as_bytes());
        bytes[17..].copy_from_slice(&self.generation.to_be_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8; LENGTH]) -> Option<Self> {
        let kind = [Kind::Personal, Kind::Fiscal].into_iter().find(|kind| kind.code() == bytes[0])?;
        let person = Uuid::from_slice(&bytes[1..17]).ok()?;
        Some(Self { person, kind, generation: u16::from_be_bytes([bytes[17], bytes[18]]) })
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} key {} of {}", self.kind.as_str(), self.generation, self.person)
    }
}
