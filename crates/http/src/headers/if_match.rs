//! Conditional requests: entity tags carry the aggregate's version, `"7"`, and may carry more after a dot, `"7.1234"`.

use axum::http::{HeaderMap, header};

use crate::problem::Problem;
use crate::problems;

/// What `If-Match` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: the resource must exist.
    Any,
    /// One of these versions. Weak tags and tags that are no version never match (RFC 9110, 13.1.1), so it may be
    /// empty.
    OneOf(Vec<u64>),
}

impl IfMatch {
    /// Whether a resource at this version (`None`: that does not exist) is what was asked for.
    pub fn admits(&self, version: Option<u64>) -> bool {
        match (self, version) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::OneOf(versions), Some(version)) => versions.contains(&version),
        }
    }

    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut versions = None;
        for line in headers.get_all(header::IF_MATCH) {
            let line = line.to_str().map_err(|_| malformed())?.trim();
            if line == "*" {
                return Ok(Some(Self::Any));
            }
            for tag in line.split(',') {
                let known = versions.get_or_insert_with(Vec::new);
                known.extend(version(opaque(tag.trim()).ok_or_else(malformed)?));
            }
        }
        Ok(versions.map(Self::OneOf))
    }
}

fn malformed() -> Problem {
    Problem::new(&problems::INVALID_HEADER).detail("If-Match is * or a list of entity tags, as in \"7\"").error(
        "If-Match",
        "invalid_header",
        "expected * or \"<version>\"",
    )
}

/// What stands between the quotes of a strong tag; nothing for a weak one.
fn opaque(tag: &str) -> Option<Option<&str>> {
    let (weak, quoted) = tag.strip_prefix("W/").map_or((false, tag), |quoted| (true, quoted));
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('"')).then_some((!weak).then_some(text))
}

fn version(opaque: Option<&str>) -> Option<u64> {
    let digits = opaque?.split('.').next()?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Whether `If-None-Match` leaves a reason to send the body; `etag` with its quotes. Weak comparison (RFC 9110,
/// 13.1.2).
pub fn none_matches(headers: &HeaderMap, etag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    !headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|tag| tag.trim() == "*" || strong(tag) == strong(etag))
}
