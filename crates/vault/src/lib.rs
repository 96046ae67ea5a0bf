//! Personal data sealed per person: readable for as long as the person's key exists, and by nobody afterwards.
//! Keys live in a PostgreSQL database of their own, wrapped by a master key; nothing here knows what is sealed.

mod cache;
mod cipher;
mod erasure;
mod error;
mod fiscal;
mod key_name;
mod label;
mod master;
mod person_key;
mod plaintext;
mod rotation;
mod sealed;
mod table;
mod vault;

pub use cache::Caching;
pub use erasure::Receipt;
pub use error::Error;
pub use fiscal::FiscalTerm;
pub use key_name::{KeyName, Kind};
pub use label::Label;
pub use master::{MasterId, MasterKey, MasterKeyError, MasterKeys};
pub use plaintext::Plaintext;
pub use rotation::Rotated;
pub use sealed::{Malformed, Sealed};
pub use table::{MIGRATIONS, prepare};
pub use vault::{Opened, Vault};
