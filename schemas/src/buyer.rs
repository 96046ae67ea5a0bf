//! Who an invoice or a credit note is made out to. Personal data that the law wants kept: in the log only sealed, as one
//! text, under a fiscal key.

use crate::Address;
use crate::address::stored;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The buyer as he stands on his documents. Read only from where he was stored: what a later build may have added, to the
/// address too, is nothing to this one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// His name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where he is; the name in it is his own, and stands above.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored")]
    pub address: Option<Address>,
}

impl Buyer {
    /// The name of the sealed field, for ever: what is in the log opens under the name that it was sealed under.
    pub const FIELD: &str = "buyer";

    /// Made out to this address, or to nobody's if there is none. The name is that of the address, or else the person's;
    /// without either there is nobody.
    pub fn of(address: Option<&Address>, name: Option<String>) -> Option<Self> {
        let address = address.cloned();
        let (named, address) = match address {
            Some(Address { name, lines, city, postal_code, country }) => {
                (name, Some(Address { name: None, lines, city, postal_code, country }))
            }
            None => (None, None),
        };
        let buyer = Self { name: named.or(name), address };
        (buyer.name.is_some() || buyer.address.is_some()).then_some(buyer)
    }
}

impl fmt::Debug for Buyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buyer(…)")
    }
}

#[cfg(test)]
mod tests;
