//! What a record's value says: a closed set of named JSON bodies, declared once with [`bodies!`](crate::bodies).

/// A closed set of bodies, each with its stable type name (`order.placed.v1`).
pub trait Body: Sized {
    /// The names that are read and not written any more, each with that of its successor.
    const OLD_TYPE_NAMES: &'static [(&'static str, &'static str)];
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
///
/// A body whose shape has changed for good is written under its next version, and is still read as it was written
/// before: `From` is its upcaster, and everybody who reads has the present shape only.
///
/// ```
/// # use serde::{Serialize, Deserialize};
/// # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # pub struct Opened { pub by: Vec<String> }
/// #[derive(Deserialize)]
/// pub struct OpenedV1 { by: String }
/// impl From<OpenedV1> for Opened {
///     fn from(old: OpenedV1) -> Self { Self { by: vec![old.by] } }
/// }
/// tillroll_log::bodies! {
///     /// What happened to a door.
///     pub enum DoorEvent { Opened(Opened) = "door.opened.v2" <- "door.opened.v1"(OpenedV1) }
/// }
/// use tillroll_log::Body;
/// let read = DoorEvent::decode("door.opened.v1", br#"{"by":"me"}"#).unwrap();
/// assert_eq!(read, DoorEvent::Opened(Opened { by: vec!["me".into()] }));
/// assert_eq!(read.type_name(), "door.opened.v2");
/// ```
#[macro_export]
macro_rules! bodies {
    ($(#[$doc:meta])* $vis:vis enum $name:ident {
        $($variant:ident($body:ty) = $type_name:literal $(<- $old_name:literal($old:ty))*),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        $vis enum $name {
            $(#[doc = concat!("`", $type_name, "`")] $variant($body),)+
        }

        impl $name {
            /// Every type name that is written.
            pub const TYPE_NAMES: &'static [&'static str] = &[$($type_name),+];
        }

        impl $crate::Body for $name {
            const OLD_TYPE_NAMES: &'static [(&'static str, &'static str)] = &[$($(($old_name, $type_name),)*)+];
            fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $type_name,)+ }
            }
            fn encode(&self) -> Result<Vec<u8>, $crate::serde_json::Error> {
                match self { $(Self::$variant(body) => $crate::serde_json::to_vec(body),)+ }
            }
            fn decode(type_name: &str, value: &[u8]) -> Result<Self, $crate::DecodeError> {
                let read = match type_name {
                    $($type_name => $crate::serde_json::from_slice::<$body>(value).map(Self::$variant),)+
                    $($($old_name => {
                        $crate::serde_json::from_slice::<$old>(value).map(|old| Self::$variant(<$body>::from(old)))
                    })*)+
                    unknown => return Err($crate::DecodeError::UnknownType(unknown.to_owned())),
                };
                read.map_err(|source| $crate::DecodeError::Malformed { type_name: type_name.to_owned(), source })
            }
        }

        $(impl From<$body> for $name {
            fn from(body: $body) -> Self { Self::$variant(body) }
        })+
    };
}

#[cfg(test)]
mod tests;
