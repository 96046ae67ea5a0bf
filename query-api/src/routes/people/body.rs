//! A user's row, and the same with what the vault opens.

use crate::failure::column;
use crate::queries::Queries;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tillroll_http::{Problem, problems};
use tillroll_postgres::Row;
use tillroll_schemas::user::Profile;
use tillroll_schemas::{Sealed, Timestamp};
use uuid::Uuid;

/// A row.
pub(super) struct Account {
    pub(super) id: Uuid,
    status: String,
    sealed: SealedAccount,
    registered_at: Timestamp,
    pub(super) version: i64,
}

/// What the row has of an account; nothing of somebody who has none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SealedAccount {
    email: Option<Sealed>,
    email_verified: Option<bool>,
    username: Option<Sealed>,
    profile: Profile,
    roles: Vec<String>,
}

/// A user as a client sees him.
#[derive(Serialize)]
pub(super) struct Shown {
    pub(super) id: Uuid,
    pub(super) status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    pub(super) registered_at: Timestamp,
    pub(super) version: i64,
}

impl Account {
    pub(super) fn of(row: &Row) -> Result<Self, Problem> {
        let sealed = serde_json::from_value(column(row, 2)?).map_err(|error| unreadable(&error))?;
        let (id, status, registered_at) = (column(row, 0)?, column(row, 1)?, column(row, 3)?);
        Ok(Self { id, status, sealed, registered_at, version: column(row, 4)? })
    }

    /// Every sealed text with the name of its field, in the order in which `show` takes them.
    fn sealed(&self) -> impl Iterator<Item = (Uuid, &'static str, &Sealed)> {
        let SealedAccount { email, username, profile, .. } = &self.sealed;
        let Profile { name, first_name, last_name, bio, phone, addresses, locale: _ } = profile;
        let single = [
            ("email", email),
            ("username", username),
            ("name", name),
            ("first_name", first_name),
            ("last_name", last_name),
            ("bio", bio),
            ("phone", phone),
        ];
        let single = single.into_iter().filter_map(|(field, sealed)| Some((field, sealed.as_ref()?)));
        let addresses = addresses.iter().map(|sealed| ("address", sealed));
        single.chain(addresses).map(|(field, sealed)| (self.id, field, sealed))
    }

    fn show(&self, opened: &mut impl Iterator<Item = Option<String>>) -> Result<Shown, Problem> {
        let Self { id, status, sealed, registered_at, version } = self;
        let mut next = |sealed: &Option<Sealed>| sealed.as_ref().and_then(|_| opened.next().flatten());
        let (email, username) = (next(&sealed.email), next(&sealed.username));
        let profile = &sealed.profile;
        let (name, first_name) = (next(&profile.name), next(&profile.first_name));
        let (last_name, bio) = (next(&profile.last_name), next(&profile.bio));
        let phone = next(&profile.phone);
        let addresses = profile.addresses.iter().filter_map(|_| opened.next().flatten());
        let addresses: Result<_, _> = addresses.map(|text| serde_json::from_str(&text)).collect();
        Ok(Shown {
            id: *id,
            status: status.clone(),
            email,
            email_verified: sealed.email_verified,
            username,
            name,
            first_name,
            last_name,
            bio,
            phone,
            addresses: addresses.map_err(|error| unreadable(&error))?,
            locale: profile.locale.clone(),
            roles: sealed.roles.clone(),
            registered_at: *registered_at,
            version: *version,
        })
    }
}

impl Queries {
    /// The users with what the vault opens, all with one question.
    pub(super) async fn shown(&self, accounts: Vec<Account>) -> Result<Vec<Shown>, Problem> {
        let sealed: Vec<_> = accounts.iter().flat_map(Account::sealed).collect();
        let mut opened = self.opened(&sealed).await?.into_iter();
        accounts.iter().map(|account| account.show(&mut opened)).collect()
    }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    // Neither the row nor the error's text: it may quote what was opened.
    tracing::error!(line = error.line(), column = error.column(), "a user's row has another shape than this build's");
    Problem::new(&problems::INTERNAL)
}
