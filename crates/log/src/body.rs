//! What a record's value says: a closed set of named JSON bodies, declared once with [`bodies!`](crate::bodies).

/// A closed set of bodies, each with its stable type name (`order.placed.v1`).
pub trait Body: Sized {
    /// The name that stands in `ce_type`.
    fn type_name(&self) -> &'static str;
    /// The value of the record.
    fn encode(&self) -> Result<Vec<u8>, serde_json::Error>;
    /// The body of that name, if the set has one.
    fn decode(type_name: &str, value: &[u8]) -> Result<Self, DecodeError>;
}

/// A body cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// This build does not know the name: the record is of a newer build or of something else.
    #[error("unknown type {0:?}")]
    UnknownType(String),
    /// The name is known, the value is not of its shape.
    #[error("{type_name}: {source}")]
    Malformed {
        /// What it said to be.
        type_name: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// Declares an enum of bodies and implements [`Body`] for it.
///
/// ```
/// # use serde::{Serialize, Deserialize};
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// pub struct Opened { pub by: String }
/// tillroll_log::bodies! {
///     /// What happened to a door.
///     pub enum DoorEvent { Opened(Opened) = "door.opened.v1" }
/// }
/// ```
#[macro_export]
macro_rules! bodies {
    ($(#[$doc:meta])* pub enum $name:ident { $($variant:ident($body:ty) = $type_name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name {
            $(#[doc = concat!("`", $type_name, "`")] $variant($body),)+
        }

        impl $name {
            /// Every type name of the set.
            pub const TYPE_NAMES: &'static [&'static str] = &[$($type_name),+];
        }

        impl $crate::Body for $name {
            fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $type_name,)+ }
            }
            fn encode(&self) -> Result<Vec<u8>, $crate::serde_json::Error> {
                match self { $(Self::$variant(body) => $crate::serde_json::to_vec(body),)+ }
            }
            fn decode(type_name: &str, value: &[u8]) -> Result<Self, $crate::DecodeError> {
                match type_name {
                    $($type_name => $crate::serde_json::from_slice(value).map(Self::$variant).map_err(|source| {
                        $crate::DecodeError::Malformed { type_name: type_name.to_owned(), source }
                    }),)+
                    unknown => Err($crate::DecodeError::UnknownType(unknown.to_owned())),
                }
            }
        }

        $(impl From<$body> for $name {
            fn from(body: $body) -> Self { Self::$variant(body) }
        })+
    };
}

#[cfg(test)]
mod tests;
