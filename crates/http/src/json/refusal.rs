//! From what serde refuses to a problem that names the field: by JSON pointer, without quoting values.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::by_name::ByName;
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
        _ => Problem::new(&problems::INVALID_FIELD).error(pointer, code, expected(message)),
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

/// serde quotes the value that it refuses; a problem says only what would have been right.
fn expected(message: &str) -> String {
    const QUOTING: [&str; 4] = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    if QUOTING.iter().any(|start| message.starts_with(start)) {
        return message
            .rsplit_once(", expected ")
            .map_or("invalid".to_owned(), |(_, right)| format!("expected {right}"));
    }
    WORDS.iter().find(|(rust, _)| *rust == message).map_or(message, |(_, right)| right).to_owned()
}

/// What Rust's own parsers say of a query's parameters, and what would have been right.
const WORDS: [(&str, &str); 5] = [
    ("invalid digit found in string", "expected a whole number"),
    ("cannot parse integer from empty string", "expected a whole number"),
    ("number too large to fit in target type", "expected a smaller number"),
    ("number too small to fit in target type", "expected a greater number"),
    ("provided string was not `true` or `false`", "expected true or false"),
];

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
