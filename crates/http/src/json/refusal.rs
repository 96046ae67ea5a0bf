//! From what serde refuses to a problem that names the field: by JSON pointer, without quoting values; in whose words,
//! `words.rs` knows.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::by_name::ByName;
use super::words::right_instead_of;
use crate::problem::Problem;
use crate::problems;

/// Text of the client's that a problem repeats is cut to this many characters.
const ECHO: usize = 64;

/// The problem of a text that is not JSON, or JSON that nobody should read.
pub(super) fn malformed(wrong: serde_json::Error) -> Problem {
    Problem::new(&problems::MALFORMED_JSON).detail(wrong.to_string())
}

/// Reads JSON, known to be well formed and refused by `T`, once more to learn which field is at fault.
pub(super) fn of_field<T: DeserializeOwned>(text: &str) -> Problem {
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(ByName(&mut json)) {
        Ok(_) => Problem::new(&problems::MALFORMED_JSON),
        Err(wrong) => {
            let pointer = pointer(wrong.path());
            let message = wrong.inner().to_string();
            let place = format!(" at line {} column {}", wrong.inner().line(), wrong.inner().column());
            refused(pointer, message.strip_suffix(&place).unwrap_or(&message))
        }
    }
}

/// The problem for serde's `message` about the field at `pointer`.
pub(crate) fn refused(pointer: String, message: &str) -> Problem {
    let (code, subject) = kind_of(message);
    let pointer = match subject {
        Some(name) if pointer != name && !pointer.ends_with(&format!("/{}", escaped(name))) => {
            format!("{pointer}/{}", cut(&escaped(name)))
        }
        _ => cut_pointer(pointer),
    };
    match code {
        "unknown_field" => {
            Problem::new(&problems::UNKNOWN_FIELD).error(pointer, code, "this route knows no such field")
        }
        "missing" => Problem::new(&problems::INVALID_FIELD).error(pointer, code, "this field is required"),
        "duplicate" => Problem::new(&problems::INVALID_FIELD).error(pointer, code, "this field is given twice"),
        _ => Problem::new(&problems::INVALID_FIELD).error(pointer, code, right_instead_of(message)),
    }
}

/// The field that serde's `message` names itself, if it does.
pub(crate) fn field_named(message: &str) -> Option<&str> {
    kind_of(message).1
}

/// Which of serde's standard refusals this is, and the field that it names, if it names one.
fn kind_of(message: &str) -> (&'static str, Option<&str>) {
    const NAMING: [(&str, &str); 3] =
        [("unknown field `", "unknown_field"), ("missing field `", "missing"), ("duplicate field `", "duplicate")];
    for (start, code) in NAMING {
        if let Some(rest) = message.strip_prefix(start) {
            let name = rest.rsplit_once("`, expected").or_else(|| rest.rsplit_once('`')).map_or(rest, |(name, _)| name);
            return (code, Some(name.rsplit_once("`, there are no fields").map_or(name, |(name, _)| name)));
        }
    }
    ("invalid", None)
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&cut(&escaped(key)));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn cut(text: &str) -> String {
    text.chars().take(ECHO).collect()
}

fn cut_pointer(pointer: String) -> String {
    if pointer.len() <= 8 * ECHO { pointer } else { pointer.chars().take(8 * ECHO).collect() }
}
