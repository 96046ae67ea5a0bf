//! Addresses and usernames: which are taken, what makes two spellings one, and the key of the claim that keeps each
//! unique. Usernames are ASCII: no two of them look alike and differ. Addresses go beyond it as mail does (RFC 6531, RFC
//! 5891): spellings that Unicode maps to one are one.

use hmac::{Hmac, KeyInit, Mac};
use idna::uts46::{Hyphens, Uts46};
use idna::{AsciiDenyList, domain_to_ascii_strict};
use sha2::Sha256;
use std::borrow::Cow;
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
pub struct Email {
    typed: String,
    /// What all its spellings have in common: small letters, the domain in ASCII.
    normal: String,
}

/// A username as it was typed, but for the blanks around it. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Username(String);

/// The text is no e-mail address that mail could be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address is like ann@example.org or jörg@bücher.example, without quotes, at most {MOST_EMAIL} bytes")]
pub struct InvalidEmail;

/// The text is no username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a username is 3 to 32 characters a-z, 0-9, '.', '_' or '-', the first a letter or digit")]
pub struct InvalidUsername;

impl Email {
    /// Takes what mail programs take without quoting.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let typed = text.trim();
        let (local, domain) = typed.rsplit_once('@').ok_or(InvalidEmail)?;
        let (local, domain) = (normal_local(local).ok_or(InvalidEmail)?, normal_domain(domain).ok_or(InvalidEmail)?);
        let normal = format!("{local}@{domain}");
        if typed.len() > MOST_EMAIL || normal.len() > MOST_EMAIL || typed.chars().any(is_unseen) {
            return Err(InvalidEmail);
        }
        Ok(Self { typed: typed.to_owned(), normal })
    }

    /// As it was typed: mail is sent to this.
    pub fn reveal(&self) -> &str {
        &self.typed
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

/// The part before the `@` in the form that its spellings share. Beyond ASCII that is the mapping of UTS 46: made for
/// domains, it knows which characters are the same in another case, width or composition, and which are none to write
/// with. ASCII stays as it always was: claims are made of it.
fn normal_local(local: &str) -> Option<String> {
    if !is_local(local) {
        return None;
    }
    if local.is_ascii() {
        return Some(local.to_ascii_lowercase());
    }
    let (mapped, outcome) = mapped(local);
    let mapped = mapped.to_lowercase();
    // A wide `＠` would be mapped to what no local part has.
    (outcome.is_ok() && is_local(&mapped)).then_some(mapped)
}

fn mapped(text: &str) -> (Cow<'_, str>, Result<(), idna::Errors>) {
    Uts46::new().to_unicode(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow)
}

/// A character that is mapped to nothing, like a soft hyphen: spellings with it look the same, and mail for one of them
/// would go elsewhere.
fn is_unseen(c: char) -> bool {
    !c.is_ascii() && mapped(c.encode_utf8(&mut [0; 4])).0.is_empty()
}

/// The domain in ASCII and small letters.
fn normal_domain(domain: &str) -> Option<String> {
    let ascii = match domain.is_ascii() {
        true => domain.to_ascii_lowercase(),
        false => domain_to_ascii_strict(domain).ok()?,
    };
    is_domain(&ascii).then_some(ascii)
}

/// `atext` of RFC 5322, with what RFC 6531 adds to it, in parts with dots between.
fn is_local(local: &str) -> bool {
    let atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii();
    local.len() <= MOST_LOCAL && local.split('.').all(|part| !part.is_empty() && part.chars().all(atext))
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
    /// `Ann` from `ann`. Dots and what follows a `+` do. A domain is one in Unicode and in ASCII.
    pub fn of_email(&self, email: &Email) -> ClaimKey {
        self.of(b"email\0", &email.normal)
    }

    /// The claim on a username. Case makes no difference.
    pub fn of_username(&self, username: &Username) -> ClaimKey {
        self.of(b"username\0", &username.0.to_ascii_lowercase())
    }

    fn of(&self, kind: &[u8], normal: &str) -> ClaimKey {
        let mac = self.0.clone().chain_update(kind).chain_update(normal.as_bytes());
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
