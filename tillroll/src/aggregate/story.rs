//! An aggregate's events as a timeline, and what it is in the end.

use super::kinds::{Kind, Now};
use crate::tail::{cut, moment};
use serde_json::{Value, json};
use std::io::Write;
use tillroll_log::Admitted;

/// Characters of an event's body that the timeline shows.
const SHOWN: usize = 400;

/// What happened to one aggregate.
pub struct Story<'a> {
    /// Its type.
    pub kind: Kind,
    /// Its id.
    pub id: &'a str,
    /// What it is now.
    pub state: Now,
    /// What happened, at least one event.
    pub events: &'a [Admitted],
}

impl Story<'_> {
    /// Prints it for people.
    pub fn print(&self, to: &mut impl Write) -> std::io::Result<()> {
        let many = if self.events.len() == 1 { "event" } else { "events" };
        writeln!(to, "{} {}: {} {many}", self.kind.name(), self.id, self.events.len())?;
        for admitted in self.events {
            let envelope = admitted.entry.envelope();
            writeln!(to)?;
            writeln!(to, "v{}  {}", envelope.version, envelope.type_name)?;
            writeln!(to, "    occurred  {}", moment(envelope.occurred_at))?;
            writeln!(to, "    recorded  {}  {}", moment(envelope.recorded_at), envelope.at)?;
            writeln!(to, "    actor     {}", envelope.actor.as_deref().unwrap_or("-"))?;
            for ended in &envelope.ends {
                writeln!(to, "    command   {}", ended.id)?;
            }
            let body = String::from_utf8_lossy(admitted.record.value.as_deref().unwrap_or_default());
            writeln!(to, "    {}", cut(&body, SHOWN))?;
        }
        writeln!(to, "\nstate\n{}", self.state.state)
    }

    /// All of it as one JSON object.
    pub fn json(&self) -> serde_json::Result<String> {
        let events: Vec<Value> = self.events.iter().map(event).collect();
        serde_json::to_string(&json!({
            "type": self.kind.name(),
            "id": self.id,
            "events": events,
            "state": self.state.answer,
        }))
    }
}

fn event(admitted: &Admitted) -> Value {
    let envelope = admitted.entry.envelope();
    let commands: Vec<String> = envelope.ends.iter().map(|ended| ended.id.to_string()).collect();
    let data: Value =
        admitted.record.value.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    json!({
        "version": envelope.version,
        "type": envelope.type_name,
        "occurred_at": moment(envelope.occurred_at),
        "recorded_at": moment(envelope.recorded_at),
        "actor": envelope.actor,
        "commands": commands,
        "correlation": envelope.correlation,
        "causation": envelope.causation,
        "position": envelope.at.to_string(),
        "data": data,
    })
}
