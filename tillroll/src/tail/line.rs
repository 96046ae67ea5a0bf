//! A record as one line, for people or for programs.

use super::admitted::Admitted;
use serde_json::{Value, json};
use std::io::Write;
use tillroll_log::record::Entry;
use tillroll_log::{Coordinates, Timestamp};

/// Characters of a body that a line for people shows.
const SHOWN: usize = 120;

/// How records are written.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// When, where, what, of whom, which version, and the beginning of the body.
    Line,
    /// One JSON object.
    Json,
}

impl Form {
    /// Writes one record.
    pub fn write(self, to: &mut impl Write, admitted: &Admitted) -> std::io::Result<()> {
        match self {
            Self::Line => line(to, admitted),
            Self::Json => writeln!(to, "{}", object(admitted)),
        }
    }
}

fn line(to: &mut impl Write, admitted: &Admitted) -> std::io::Result<()> {
    let at = Coordinates::of(&admitted.record).to_string();
    let version = match &admitted.entry {
        Some(Entry::Event(envelope)) => format!("v{}", envelope.version),
        Some(Entry::Settled(..) | Entry::Mark(_)) | None => "-".to_owned(),
    };
    let (recorded, type_name) = (recorded_at(admitted), admitted.type_name());
    writeln!(to, "{recorded}  {at:27}  {type_name:32}  {:36}  {version:4}  {}", admitted.key(), short(admitted))
}

/// `2026-01-02T10:00:00.123Z`
fn recorded_at(admitted: &Admitted) -> String {
    let at = Timestamp::from_timestamp_millis(admitted.record.recorded_at_ms).unwrap_or_default();
    moment(at)
}

/// A time to the millisecond.
pub fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn short(admitted: &Admitted) -> String {
    let body = String::from_utf8_lossy(admitted.record.value.as_deref().unwrap_or_default());
    cut(&body, SHOWN)
}

/// The beginning of a text.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn object(admitted: &Admitted) -> Value {
    let mut object = json!({
        "position": Coordinates::of(&admitted.record).to_string(),
        "recorded_at": recorded_at(admitted),
        "type": admitted.type_name(),
    });
    if let Some(entry) = &admitted.entry {
        let envelope = entry.envelope();
        let commands: Vec<String> = envelope.ends.iter().map(|ended| ended.id.to_string()).collect();
        object["id"] = json!(envelope.id);
        object["key"] = json!(admitted.key());
        object["occurred_at"] = json!(moment(envelope.occurred_at));
        object["actor"] = json!(envelope.actor);
        object["correlation"] = json!(envelope.correlation);
        object["causation"] = json!(envelope.causation);
        object["commands"] = json!(commands);
    }
    if let Some(Entry::Event(envelope)) = &admitted.entry {
        object["version"] = json!(envelope.version);
    }
    object["data"] = data(admitted);
    object
}

/// The body; null if it has none.
fn data(admitted: &Admitted) -> Value {
    admitted.record.value.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or(Value::Null)
}
