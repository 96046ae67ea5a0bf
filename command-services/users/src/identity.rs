//! Addresses and usernames: which are taken, what makes two spellings one, and the key of the claim that keeps each
//! unique. ASCII only: no two of them look alike and differ.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use tillroll_schemas::identity_claim::ClaimKey;

/// The longest address that mail is sent to (RFC 5321, section 4.5.3.1, with erratum 1690).
const MOST_EMAIL: usize = 254;
/// The longest part before the `@`.
const MOST_LOCAL: usize = 64;
/// A username's length.
const USERNAME: std::ops::RangeInclusive<usize> = 3..=32;

/// An e-mail address as it was typed, but for the blanks around it. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// A username as it was typed, but for the blanks around it. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Username(String);

/// The text is no e-mail address that mail could be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address is like ann@example.org, in ASCII, at most {MOST_EMAIL} characters")]
pub struct InvalidEmail;

/// The text is no username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a username is 3 to 32 characters a-z, 0-9, '.', '_' or '-', the first a letter or digit")]
pub struct InvalidUsername;

impl Email {
    /// Takes what mail programs take without quoting.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        if text.len() <= MOST_EMAIL && is_local(local) && is_domain(domain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidEmail)
        }
    }

    /// As it was typed: mail is sent to this.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Username {
    /// Takes any case.
    pub fn parse(text: &str) -> Result<Self, InvalidUsername> {
        let text = text.trim();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let first_is_plain = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if USERNAME.contains(&text.len()) && first_is_plain && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUsername)
        }
    }

    /// As it was typed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// `atext` of RFC 5322, in parts with dots between.
fn is_local(local: &str) -> bool {
    let atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    local.len() <= MOST_LOCAL && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atext))
}

/// Labels of RFC 1035, at least two: mail is not sent to hosts without a domain.
fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(label)
}

/// The key under which identities become keys of claims. It never rotates: with another one everybody's address would
/// be free again.
#[derive(Clone)]
pub struct IdentityHmacKey(Hmac<Sha256>);

impl IdentityHmacKey {
    /// The key with these secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        // RFC 2104 pads a short key with zeros to the block size; doing it here leaves no length to be wrong.
        let mut block = [0; 64];
        block[..32].copy_from_slice(secret);
        Self(Hmac::new(&block.into()))
    }

    /// The claim on an address. Case makes no difference, before the `@` neither: no provider of any size tells
    /// `Ann` from `ann`. Dots and what follows a `+` do.
    pub fn of_email(&self, email: &Email) -> ClaimKey {
        self.of(b"email\0", &email.0)
    }

    /// The claim on a username. Case makes no difference.
    pub fn of_username(&self, username: &Username) -> ClaimKey {
        self.of(b"username\0", &username.0)
    }

    fn of(&self, kind: &[u8], text: &str) -> ClaimKey {
        let mac = self.0.clone().chain_update(kind).chain_update(text.to_ascii_lowercase().as_bytes());
        ClaimKey::of_mac(&mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Username(…)")
    }
}

impl fmt::Debug for IdentityHmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityHmacKey(…)")
    }
}

#[cfg(test)]
mod tests;
