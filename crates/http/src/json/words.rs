//! What serde, and those who read texts for it, say of a value that they refuse, in words of JSON: a client need not
//! know what an `i64` is. A type that says itself what it takes (`#[serde(expecting = "…")]`) is believed.

use std::borrow::Cow;

/// What would have been right, of a whole refusal; what is not known here is said as it is.
pub(super) fn right_instead_of(message: &str) -> String {
    const QUOTING: [&str; 4] = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    if QUOTING.iter().any(|start| message.starts_with(start)) {
        let Some((_, right)) = message.rsplit_once(", expected ") else { return "invalid".to_owned() };
        return format!("expected {}", of_json(right, message));
    }
    if message.starts_with("UUID parsing failed") {
        return "expected a UUID".to_owned();
    }
    WORDS.iter().find(|(rust, _)| *rust == message).map_or(message, |(_, right)| right).to_owned()
}

/// How serde_json begins to refuse what is neither a text nor an object where one of several variants stands.
pub(super) const NO_VARIANT: &str = "expected value";

/// `right`, as serde's visitors write it in `message`.
fn of_json<'a>(right: &'a str, message: &str) -> Cow<'a, str> {
    if INTEGERS.contains(&right) {
        return match message.strip_prefix("invalid value: integer `") {
            None => "a whole number",
            Some(below) if below.starts_with('-') && right.starts_with('u') => "a whole number, 0 or more",
            Some(below) if below.starts_with('-') => "a greater whole number",
            Some(_) => "a smaller whole number",
        }
        .into();
    }
    match right {
        "a string" | "a borrowed string" | "string" => "a text".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list".into(),
        "a map" | "map" => "an object".into(),
        "f32" | "f64" => "a number".into(),
        "unit" => "null".into(),
        "a formatted UUID string" => "a UUID".into(),
        "string or map" => "a text or an object".into(),
        _ if right.starts_with("a tuple of size ") => right.replacen("a tuple of size", "a list of", 1).into(),
        // Whatever is named by its Rust type is read from an object: those that are not say what they take.
        _ if ["struct ", "tuple struct ", "struct variant ", "internally tagged enum ", "adjacently tagged enum "]
            .iter()
            .any(|kind| right.starts_with(kind)) =>
        {
            "an object".into()
        }
        _ => right.into(),
    }
}

/// Rust's own types; a type made of one may take less.
const INTEGERS: [&str; 10] = ["i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"];

/// What parsers of Rust and of chrono say, and what would have been right.
const WORDS: [(&str, &str); 10] = [
    ("invalid digit found in string", "expected a whole number"),
    ("cannot parse integer from empty string", "expected a whole number"),
    ("number too large to fit in target type", "expected a smaller number"),
    ("number too small to fit in target type", "expected a greater number"),
    ("provided string was not `true` or `false`", "expected true or false"),
    ("input is out of range", TIME),
    ("input contains invalid characters", TIME),
    ("premature end of input", TIME),
    ("trailing input", TIME),
    ("no possible date and time matching input", TIME),
];
const TIME: &str = "expected a time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z";

#[cfg(test)]
mod tests;
