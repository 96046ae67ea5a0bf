//! Who has which number: cheap to clone in memory, and 16 bytes a document where it is stored, since without gaps the
//! place of an id says its number.

use std::fmt;

use imbl::OrdMap;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use uuid::Uuid;

const ID: usize = 16;

/// The numbers from 1 on, each with its document.
#[derive(Clone, Default, PartialEq)]
pub struct Numbers(OrdMap<Uuid, u32>);

impl Numbers {
    /// The number of a document, if it has one.
    pub fn of(&self, document: Uuid) -> Option<u32> {
        self.0.get(&document).copied()
    }

    /// How many were given.
    pub fn given(&self) -> usize {
        self.0.len()
    }

    /// The number that comes next, if there is one.
    pub fn next(&self) -> Option<u32> {
        u32::try_from(self.0.len()).ok()?.checked_add(1)
    }

    /// Gives the document the next number. One that has a number keeps it.
    pub(super) fn give(&mut self, document: Uuid) {
        if let (None, Some(next)) = (self.of(document), self.next()) {
            self.0.insert(document, next);
        }
    }

    fn ids(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.0.len() * ID];
        for (document, number) in &self.0 {
            // Numbers are 1..=len by construction.
            let place = (*number as usize - 1) * ID;
            bytes[place..place + ID].copy_from_slice(document.as_bytes());
        }
        bytes
    }

    fn from_ids(bytes: &[u8]) -> Option<Self> {
        let (ids, rest) = bytes.as_chunks::<ID>();
        let mut numbers = Self::default();
        ids.iter().for_each(|id| numbers.give(Uuid::from_bytes(*id)));
        (rest.is_empty() && numbers.given() == ids.len()).then_some(numbers)
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Numbers({})", self.0.len())
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.ids())
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Ids)
    }
}

struct Ids;

impl<'de> Visitor<'de> for Ids {
    type Value = Numbers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ids of documents, 16 bytes each, no two the same")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Numbers, E> {
        Numbers::from_ids(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }

    /// JSON has no bytes and writes a list of them.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = list.next_element::<u8>()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}
