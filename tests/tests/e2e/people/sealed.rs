//! What is sealed under somebody's key, as the topics have it.

use e2e::{LogEnds, Outcome, System};
use serde_json::Value;
use std::collections::BTreeSet;
use tillroll_schemas::Sealed;

/// Under which kind of key, in which topic, as which field.
type Fields = BTreeSet<(String, String, String)>;

/// The receipt names every field of every topic that got a text of his since then: as unreadable what was sealed under his
/// own key, and as kept what is under a fiscal one.
pub async fn the_receipt_leaves_nothing_out(system: &System, since: &LogEnds, user: &str, receipt: &Value) -> Outcome {
    let mut said = Fields::new();
    for (kind, list) in [("Personal", &receipt["unreadable"]), ("Fiscal", &receipt["kept"]["texts"])] {
        for topic in list.as_array().into_iter().flatten() {
            for field in topic["fields"].as_array().ok_or("no fields")? {
                said.insert((kind.to_owned(), text(&topic["topic"]), text(field)));
            }
        }
    }
    let found = fields_of(system, since, user).await?;
    assert!(found.len() >= 9, "{found:?}");
    let missing: Vec<_> = found.difference(&said).collect();
    assert!(missing.is_empty(), "the receipt is silent about {missing:?}");
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Every sealed text says in the clear whose it is and what.
async fn fields_of(system: &System, since: &LogEnds, user: &str) -> Outcome<Fields> {
    let topics = system.topics()?;
    let mut fields = Fields::new();
    for (topic, body) in topics.bodies(since, &topics.ends().await?).await? {
        for string in body.split('"').filter(|string| string.starts_with("s1.")) {
            let Ok(label) = Sealed::from_stored(string).label() else { continue };
            if label.key.person.to_string() == user {
                fields.insert((format!("{:?}", label.key.kind), topic.clone(), label.field.into()));
            }
        }
    }
    Ok(fields)
}
