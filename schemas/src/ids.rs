//! Identities. A created id is a UUID v5 of the command that creates; a SKU is the client's own.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id of what the command creates: the same command, the same id.
            pub fn of_command(command: Uuid) -> Self {
                Self(Uuid::new_v5(&command, $kind))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// An order.
    OrderId, b"order"
);
uuid_id!(
    /// A credit note that stands alone.
    CreditNoteId, b"credit-note"
);
uuid_id!(
    /// One delivery of (a part of) an order.
    FulfilmentId, b"fulfilment"
);

uuid_id!(
    /// A person with an account.
    UserId, b"user"
);
uuid_id!(
    /// A family of refresh tokens: one log-in.
    SessionId, b"session"
);
uuid_id!(
    /// A key for machines.
    ApiKeyId, b"api-key"
);
uuid_id!(
    /// What is paid for one order.
    PaymentId, b"payment"
);
uuid_id!(
    /// Money that goes back.
    RefundId, b"refund"
);
uuid_id!(
    /// One message to one person.
    NotificationId, b"notification"
);

/// A stock keeping unit: `[A-Z0-9][A-Z0-9._-]{0,63}`, upper case. Names that differ only in case are one SKU.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sku(Arc<str>);

/// The text is no SKU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SKU is 1 to 64 characters A-Z, 0-9, '.', '_' or '-', the first a letter or digit")]
pub struct InvalidSku;

impl Sku {
    /// Takes any case and keeps upper case.
    pub fn parse(text: &str) -> Result<Self, InvalidSku> {
        let first_is_plain = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !first_is_plain || text.len() > 64 || !text.bytes().all(plain) {
            return Err(InvalidSku);
        }
        Ok(Self(text.to_ascii_uppercase().into()))
    }

    /// The SKU in upper case, as it is used for keys and paths.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sku {
    type Error = InvalidSku;
    fn try_from(text: String) -> Result<Self, InvalidSku> {
        Self::parse(&text)
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0.as_ref().to_owned()
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
