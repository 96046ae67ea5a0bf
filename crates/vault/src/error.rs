//! What can go wrong. No variant carries a text, a key or the database's URL.

use uuid::Uuid;

use crate::{KeyName, Malformed, MasterId};

/// Something could not be sealed, opened or erased.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The vault's database failed.
    #[error("the vault's database failed")]
    Database(#[from] tillroll_postgres::Error),
    /// The system gives no random bytes.
    #[error("cannot get random bytes")]
    Random(#[source] getrandom::Error),
    /// What names the field is no field's name.
    #[error("a field's name is 1 to 64 characters a-z, 0-9, '.', '_' or '-'")]
    FieldName,
    /// The text is longer than the cipher takes (64 GiB).
    #[error("the text is too long to be sealed")]
    TooLong,
    /// Nothing can be sealed for this person any more.
    #[error("the {key} was erased")]
    Erased {
        /// The key that is no more.
        key: KeyName,
    },
    /// What is to be opened is no sealed text.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The sealed text is of another person or field than the one that it was found under.
    #[error("the sealed text is {field} of {person}, and was found elsewhere")]
    Misplaced {
        /// Whose it says that it is.
        person: Uuid,
        /// What it says that it is.
        field: Box<str>,
    },
    /// There is neither a key nor a tombstone: the vault's database lost it.
    #[error("the {key} is missing, and no tombstone says that it was erased")]
    KeyMissing {
        /// The key that should be there.
        key: KeyName,
    },
    /// There is a key, but not the one that sealed: that one was lost, and a new one took its place.
    #[error("the {key} is not the one that sealed this text")]
    KeyReplaced {
        /// The key's name.
        key: KeyName,
    },
    /// The text was changed after it had been sealed.
    #[error("the sealed text does not open under the {key}: it was changed")]
    Unreadable {
        /// The key that should open it.
        key: KeyName,
    },
    /// A key was wrapped by a master key that this process was not given.
    #[error("keys are wrapped by master key {master}, which this process does not have")]
    UnknownMaster {
        /// The master key that is needed.
        master: MasterId,
    },
    /// A wrapped key was changed in the database, or moved to another row.
    #[error("the {key} does not open under its master key: its row was changed")]
    DamagedKey {
        /// The key's name.
        key: KeyName,
    },
    /// A row of the vault holds what this build never wrote.
    #[error("the vault holds a row that this build cannot read")]
    UnknownRow,
    /// Fiscal keys of a year that is not over are not destroyed.
    #[error("fiscal keys are destroyed by whole years that are over, and {year} is not")]
    YearNotOver {
        /// The first year of which the keys would be destroyed too soon.
        year: i32,
    },
}

impl Error {
    /// Whether the same may succeed later without anybody changing it: the database is down or slow.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_unavailable())
    }
}
