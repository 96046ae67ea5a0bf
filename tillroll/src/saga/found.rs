//! Sagas as they are found in the log: every aggregate of a topic is folded, and those are kept that wait.

use crate::Failure;
use crate::tail::{ends, moment};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use tillroll_kafka::{Offset, PartitionId, Topic};
use tillroll_log::record::Entry;
use tillroll_log::{Aggregate, Body, Key, Node, Saga, SagaStatus, Timestamp};

/// A saga under way.
pub struct Found {
    /// The type of its aggregate: `order`.
    pub kind: &'static str,
    /// Its aggregate's id.
    pub id: Key,
    /// When the aggregate's last event was recorded.
    pub since: Timestamp,
    /// What it waits for.
    pub status: SagaStatus,
}

/// An aggregate with how many events it has and when the last one was recorded.
pub struct Folded<A: Aggregate> {
    pub state: A::State,
    version: u64,
    since: Timestamp,
}

/// Those of every aggregate, or of the one with this id, as the log is now.
pub async fn sagas<A: Saga>(node: &Node, only: Option<&str>) -> Result<Vec<Found>, Failure> {
    let aggregates = folded::<A>(node, only).await?;
    if let (Some(id), true) = (only, aggregates.is_empty()) {
        return Err(format!("there is no {} {id}", A::TOPICS.name).into());
    }
    let found = |(id, folded): (Key, Folded<A>)| {
        let status = A::saga(&folded.state)?;
        Some(Found { kind: A::TOPICS.name, id, since: folded.since, status })
    };
    Ok(aggregates.into_iter().filter_map(found).collect())
}

/// How many events the aggregate has.
pub async fn version<A: Aggregate>(node: &Node, id: &str) -> Result<u64, Failure> {
    let folded = folded::<A>(node, Some(id)).await?.remove(id);
    Ok(folded.ok_or_else(|| format!("there is no {} {id}", A::TOPICS.name))?.version)
}

/// Those aggregates, folded from the log as it is now.
pub async fn folded<A: Aggregate>(node: &Node, only: Option<&str>) -> Result<HashMap<Key, Folded<A>>, Failure> {
    let topic = A::TOPICS.events;
    let mut aggregates = HashMap::new();
    for (partition, end) in ends(node.admin(), &Topic::from(topic), only).await? {
        let mut reader = node.reader(topic, vec![(PartitionId(partition.0), None)]);
        let mut next = Offset(0);
        while next < end {
            let batch = reader.next().await?;
            next = batch.position.next;
            for admitted in batch.records {
                let Entry::Event(envelope) = &admitted.entry else { continue };
                if only.is_some_and(|id| *envelope.key != *id) {
                    continue;
                }
                let value = admitted.record.value.as_deref().unwrap_or_default();
                let event = A::Event::decode(&envelope.type_name, value)
                    .map_err(|error| format!("{}: {error}", envelope.at))?;
                let before = aggregates.remove(&envelope.key).map(|folded: Folded<A>| folded.state);
                let state = A::evolve(before.unwrap_or_default(), &event);
                let folded = Folded { state, version: envelope.version.0, since: envelope.recorded_at };
                aggregates.insert(envelope.key.clone(), folded);
            }
        }
    }
    Ok(aggregates)
}

impl Found {
    /// One line for people.
    pub fn line(&self) -> String {
        let SagaStatus { step, waits_for, .. } = &self.status;
        let how = match (&self.status.stuck, self.status.answer_by) {
            (Some(why), _) => format!("stuck: {}", why.code),
            (None, Some(by)) => format!("until {}", moment(by)),
            (None, None) => "waits".to_owned(),
        };
        let open = waits_for.len();
        format!("{}  {} {}  {step}, {open} open  {how}", moment(self.since), self.kind, self.id)
    }

    /// All of it for people.
    pub fn print(&self, to: &mut impl Write) -> std::io::Result<()> {
        writeln!(to, "{} {}", self.kind, self.id)?;
        writeln!(to, "    step       {}", self.status.step)?;
        writeln!(to, "    waits for  {}", self.status.waits_for.join(", "))?;
        writeln!(to, "    since      {}", moment(self.since))?;
        if let Some(by) = self.status.answer_by {
            writeln!(to, "    answer by  {}", moment(by))?;
            writeln!(to, "    attempt    {}", self.status.attempt.unwrap_or_default())?;
        }
        if let Some(why) = &self.status.stuck {
            writeln!(to, "    stuck      {}: {}", why.code, why.detail)?;
            let command = if self.kind == "payment" { "payments" } else { "saga" };
            writeln!(to, "    mend it    tillroll {command} retry {}, or compensate or complete it", self.id)?;
        }
        Ok(())
    }

    /// One JSON object.
    pub fn json(&self) -> Value {
        let status = &self.status;
        json!({
            "aggregate": self.kind,
            "id": &*self.id,
            "step": status.step,
            "waits_for": status.waits_for,
            "since": moment(self.since),
            "answer_by": status.answer_by.map(moment),
            "attempt": status.attempt,
            "stuck": status.stuck.as_ref().map(|why| json!({"code": why.code, "detail": why.detail})),
        })
    }
}
