//! Personal data on its way in and out: sealed for commands, opened for answers. The names of fields are for ever:
//! what is in the log opens under the name that it was sealed under.

use super::{Desk, unhashed};
use crate::password::Password;
use serde::{Deserialize, Serialize};
use tillroll_command_http::Checks;
use tillroll_http::{Problem, problems};
use tillroll_schemas::user::Profile;
use tillroll_schemas::{Address, PasswordHash, Sealed, UserId};
use tillroll_vault::{Error, Opened};
use uuid::Uuid;

pub(super) const EMAIL: &str = "email";
pub(super) const USERNAME: &str = "username";
const NAME: &str = "name";
const FIRST_NAME: &str = "first_name";
const LAST_NAME: &str = "last_name";
const BIO: &str = "bio";
const PHONE: &str = "phone";
const ADDRESS: &str = "address";
pub(super) const DEVICE: &str = "device";
const PASSWORD: &str = "password";

const MOST_ADDRESSES: usize = 10;

/// What a person says of himself, as clients write it. What is left out is nothing.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProfileBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) addresses: Vec<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) locale: Option<String>,
}

impl ProfileBody {
    pub(super) fn check(&self, checks: &mut Checks) {
        for (text, field) in [(&self.name, "/name"), (&self.first_name, "/first_name"), (&self.last_name, "/last_name")]
        {
            text.iter().for_each(|text| checks.line(text, 1..=100, field));
        }
        self.bio.iter().for_each(|text| checks.text(text, 2_000, "/bio"));
        let otherwise =
            "a telephone number as E.164 writes it: + and 7 to 15 digits, the country's code first, nothing else";
        self.phone.iter().for_each(|phone| checks.require(is_phone(phone), "/phone", otherwise));
        let otherwise = "a language with its script and region at most, like en-GB or zh-Hant-TW";
        self.locale.iter().for_each(|locale| checks.require(is_locale(locale), "/locale", otherwise));
        checks.require(self.addresses.len() <= MOST_ADDRESSES, "/addresses", "at most 10 addresses");
        for (nth, address) in self.addresses.iter().enumerate() {
            for (field, otherwise) in address.faults() {
                checks.require(false, format!("/addresses/{nth}{field}"), otherwise);
            }
        }
    }
}

/// Whether it is a number that can be reached from everywhere (ITU-T E.164). No country's code begins with 0.
fn is_phone(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is a language, perhaps with script and region (BCP 47), and nothing else: it stands in the log in the clear,
/// and what BCP 47 allows besides is room for words.
fn is_locale(tag: &str) -> bool {
    let letters =
        |part: &&str, most: &[usize]| most.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic());
    let mut parts = tag.split('-').peekable();
    let language = parts.next().is_some_and(|part| letters(&part, &[2, 3]));
    parts.next_if(|part| letters(part, &[4]));
    parts.next_if(|part| letters(part, &[2]) || (part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit())));
    language && parts.next().is_none()
}

impl Desk {
    /// Seals one text of a person.
    pub(super) async fn seal(&self, user: UserId, command: Uuid, field: &str, text: &str) -> Result<Sealed, Problem> {
        self.vault.seal(user.0, command, field, text).await.map_err(unsealed)
    }

    async fn seal_some(
        &self,
        user: UserId,
        command: Uuid,
        field: &str,
        text: Option<&String>,
    ) -> Result<Option<Sealed>, Problem> {
        match text {
            Some(text) => self.seal(user, command, field, text).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn seal_profile(
        &self,
        user: UserId,
        command: Uuid,
        body: &ProfileBody,
    ) -> Result<Profile, Problem> {
        let mut addresses = Vec::with_capacity(body.addresses.len());
        for address in &body.addresses {
            let text = serde_json::to_string(address).map_err(|error| super::broken(&error))?;
            addresses.push(self.seal(user, command, ADDRESS, &text).await?);
        }
        Ok(Profile {
            name: self.seal_some(user, command, NAME, body.name.as_ref()).await?,
            first_name: self.seal_some(user, command, FIRST_NAME, body.first_name.as_ref()).await?,
            last_name: self.seal_some(user, command, LAST_NAME, body.last_name.as_ref()).await?,
            bio: self.seal_some(user, command, BIO, body.bio.as_ref()).await?,
            phone: self.seal_some(user, command, PHONE, body.phone.as_ref()).await?,
            addresses,
            locale: body.locale.clone(),
        })
    }

    /// What a person says of himself, as clients read it; nothing if he was erased.
    pub(super) async fn opened_profile(&self, user: UserId, profile: &Profile) -> Result<ProfileBody, Problem> {
        let single = [
            (NAME, &profile.name),
            (FIRST_NAME, &profile.first_name),
            (LAST_NAME, &profile.last_name),
            (BIO, &profile.bio),
            (PHONE, &profile.phone),
        ];
        let mut found: Vec<_> =
            single.iter().filter_map(|(field, sealed)| Some((user.0, *field, sealed.as_ref()?))).collect();
        found.extend(profile.addresses.iter().map(|sealed| (user.0, ADDRESS, sealed)));
        let opened = self.vault.open_all(&found).await.map_err(unsealed)?;
        let mut body = ProfileBody { locale: profile.locale.clone(), ..ProfileBody::default() };
        for ((_, field, _), opened) in found.iter().zip(opened) {
            let Opened::Text(text) = opened else { continue };
            let text = text.as_str();
            match *field {
                NAME => body.name = Some(text.to_owned()),
                FIRST_NAME => body.first_name = Some(text.to_owned()),
                LAST_NAME => body.last_name = Some(text.to_owned()),
                BIO => body.bio = Some(text.to_owned()),
                PHONE => body.phone = Some(text.to_owned()),
                _ => body.addresses.push(Address::from_stored(text).map_err(|error| unreadable(&error))?),
            }
        }
        Ok(body)
    }

    /// What is kept of a password, and the hash itself. Its salt is the command's: a repeat gives the same hash.
    pub(super) async fn hashed(
        &self,
        user: UserId,
        command: Uuid,
        password: Password,
    ) -> Result<(PasswordHash, PasswordHash), Problem> {
        let hash = self.hashing.hash(password, self.secrets.salt(command)).await.map_err(unhashed)?;
        Ok((self.kept(user, command, &hash).await?, hash))
    }

    /// The hash for somebody of whom nothing is known, as [`Self::hashed`] makes it.
    pub(super) async fn hash_for_stranger(&self, command: Uuid, password: Password) -> Result<PasswordHash, Problem> {
        self.hashing.hash_for_stranger(password, self.secrets.salt(command)).await.map_err(unhashed)
    }

    /// What is kept of a hash.
    pub(super) async fn kept(&self, user: UserId, command: Uuid, hash: &PasswordHash) -> Result<PasswordHash, Problem> {
        let sealed = self.seal(user, command, PASSWORD, &hash.0).await?;
        Ok(PasswordHash(sealed.as_str().to_owned()))
    }

    /// The hash that is kept of a person's password; nothing if he was erased.
    pub(super) async fn hash_of(&self, user: UserId, kept: &PasswordHash) -> Result<Option<PasswordHash>, Problem> {
        let opened = self.opened(user, PASSWORD, &Sealed::from_stored(&kept.0)).await?;
        Ok(opened.map(PasswordHash))
    }

    /// The same after a question to the vault's database, as it is asked about nobody too.
    pub(super) async fn hash_anew_of(
        &self,
        user: UserId,
        kept: &PasswordHash,
    ) -> Result<Option<PasswordHash>, Problem> {
        let opened = self.vault.open_anew(user.0, PASSWORD, &Sealed::from_stored(&kept.0)).await.map_err(unsealed)?;
        Ok(text_of(opened).map(PasswordHash))
    }

    /// One text of a person; nothing if he was erased.
    pub(super) async fn opened(&self, user: UserId, field: &str, sealed: &Sealed) -> Result<Option<String>, Problem> {
        self.vault.open(user.0, field, sealed).await.map(text_of).map_err(unsealed)
    }
}

fn text_of(opened: Opened) -> Option<String> {
    match opened {
        Opened::Text(text) => Some(text.as_str().to_owned()),
        Opened::Erased => None,
    }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    // Not the error's text: it may quote what was opened.
    tracing::error!(line = error.line(), column = error.column(), "an address has another shape than this build's");
    Problem::new(&problems::INTERNAL)
}

/// What the vault could not do, as a client is told.
pub(super) fn unsealed(error: Error) -> Problem {
    match error {
        Error::Erased { .. } => Problem::new(&problems::NOT_FOUND),
        error if error.is_unavailable() => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the vault does not answer");
            Problem::new(&problems::UNAVAILABLE)
        }
        error => super::broken(&error),
    }
}

#[cfg(test)]
mod tests;
