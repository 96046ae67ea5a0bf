//! What is sealed under somebody's key, as the topics have it.

use e2e::{LogEnds, Outcome, System};
use serde_json::Value;
use std::collections::BTreeSet;
use tillroll_schemas::Sealed;
use tillroll_vault::Kind;

/// In which topic, as which field.
type Fields = BTreeSet<(String, String)>;

/// The receipt names every field of every topic that got a text of his since then. As unreadable what was sealed under his
/// own key, and nothing that he never had; as kept wherever a document may have left what is under a fiscal one.
pub async fn the_receipt_says_what_he_had(system: &System, since: &LogEnds, user: &str, receipt: &Value) -> Outcome {
    let (unreadable, found) = (said(&receipt["unreadable"])?, fields_of(system, since, user, Kind::Personal).await?);
    let silent: Vec<_> = found.difference(&unreadable).collect();
    let made_up: Vec<_> = unreadable.difference(&found).collect();
    assert!(silent.is_empty() && made_up.is_empty(), "silent about {silent:?}, made up: {made_up:?}");
    let (kept, found) = (said(&receipt["kept"]["texts"])?, fields_of(system, since, user, Kind::Fiscal).await?);
    let silent: Vec<_> = found.difference(&kept).collect();
    assert!(silent.is_empty(), "silent about {silent:?}, which is kept");
    Ok(())
}

fn said(texts: &Value) -> Outcome<Fields> {
    let mut said = Fields::new();
    for topic in texts.as_array().into_iter().flatten() {
        for field in topic["fields"].as_array().ok_or("no fields")? {
            said.insert((text(&topic["topic"]), text(field)));
        }
    }
    Ok(said)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Every sealed text says in the clear whose it is and what.
async fn fields_of(system: &System, since: &LogEnds, user: &str, kind: Kind) -> Outcome<Fields> {
    let topics = system.topics()?;
    let mut fields = Fields::new();
    for (topic, body) in topics.bodies(since, &topics.ends().await?).await? {
        for string in body.split('"').filter(|string| string.starts_with("s1.")) {
            let Ok(label) = Sealed::from_stored(string).label() else { continue };
            if label.key.person.to_string() == user && label.key.kind == kind {
                fields.insert((topic.clone(), label.field.into()));
            }
        }
    }
    Ok(fields)
}
