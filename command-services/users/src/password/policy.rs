//! Which passwords are taken: 10 to 128 characters of any kind that are not among those which everybody tries first.
//! No rules about digits and signs: they make passwords worse (NIST SP 800-63B, section 5.1.1.2).

use super::Password;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Characters that a password has at least.
pub const LEAST_CHARACTERS: usize = 10;
/// Characters that it has at most.
pub const MOST_CHARACTERS: usize = 128;
/// One with fewer different characters is a pattern.
const LEAST_DIFFERENT: usize = 4;

/// One a line, lower case; lines that begin with `#` say where they come from.
static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/common-passwords.txt").lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
});

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Fewer than 10 characters.
    #[error("a password has at least {LEAST_CHARACTERS} characters")]
    TooShort,
    /// More than 128.
    #[error("a password has at most {MOST_CHARACTERS} characters")]
    TooLong,
    /// One of those which everybody tries first.
    #[error("the password is too easy to guess")]
    Common,
}

/// Whether somebody may choose this password.
pub fn check(password: &Password) -> Result<(), Weak> {
    let characters = password.0.chars().count();
    if characters < LEAST_CHARACTERS {
        Err(Weak::TooShort)
    } else if characters > MOST_CHARACTERS {
        Err(Weak::TooLong)
    } else if is_common(&password.0) {
        Err(Weak::Common)
    } else {
        Ok(())
    }
}

/// A common one stays common in capitals and with digits and signs around it.
fn is_common(text: &str) -> bool {
    let lower = text.to_lowercase();
    let different: HashSet<char> = lower.chars().collect();
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    different.len() < LEAST_DIFFERENT || COMMON.contains(lower.as_str()) || COMMON.contains(core)
}

#[cfg(test)]
mod tests;
