//! Which records exist: the rule of the documentation, written down once more.

use super::{Roll, Written};
use serde_json::Value;
use std::collections::BTreeMap;
use tillroll_log::record::stamp_of;
use tillroll_log::{Arbiter, Verdict};

const CLAIM: &str = "log.claim.v1";

/// A record that exists.
#[derive(Clone, Debug)]
pub struct Admitted<'a> {
    /// As it is written.
    pub record: &'a Written,
    /// `order.placed.v1`
    pub kind: &'a str,
    /// The aggregate's id; empty for a mark.
    pub key: &'a str,
    /// The aggregate's version; none if it is no event.
    pub version: Option<u64>,
    /// Its value.
    pub body: Value,
}

/// The claim in force and the next ordinal under it.
#[derive(Default)]
struct Term {
    claim: Option<String>,
    next: u64,
}

impl Term {
    /// Whether the record exists; a claim that wins is one that does.
    fn takes(&mut self, record: &Written) -> bool {
        if record.header("ce_type") == Some(CLAIM) {
            let body = body_of(record);
            let Some(claim) = body["claim"].as_str().filter(|_| body["previous"].as_str() == self.claim.as_deref())
            else {
                return false;
            };
            let takes = self.claim.as_deref() != Some(claim);
            *self = Self { claim: Some(claim.to_owned()), next: 0 };
            return takes;
        }
        let claim = record.header("claim");
        let ordinal = record.header("ordinal").and_then(|text| text.parse::<u64>().ok());
        let takes = claim.is_some() && claim == self.claim.as_deref() && ordinal == Some(self.next);
        self.next += u64::from(takes);
        takes
    }
}

impl Roll {
    /// The events, settled records and marks that exist, in the order of their partitions.
    pub fn admitted(&self) -> Vec<Admitted<'_>> {
        let exist = self.judged().filter(|(record, exists)| *exists && record.header("ce_type") != Some(CLAIM));
        exist.map(|(record, _)| Admitted::of(record)).collect()
    }

    /// What stands in events topics and does not exist.
    pub fn void(&self) -> Vec<&Written> {
        self.judged().filter(|(_, exists)| !exists).map(|(record, _)| record).collect()
    }

    fn judged(&self) -> impl Iterator<Item = (&Written, bool)> {
        let mut terms: BTreeMap<(&str, i32), Term> = BTreeMap::new();
        self.of(".events.v1").map(move |record| {
            let term = terms.entry((&record.topic, record.partition)).or_default();
            (record, term.takes(record))
        })
    }
}

impl<'a> Admitted<'a> {
    fn of(record: &'a Written) -> Self {
        Self {
            record,
            kind: record.header("ce_type").unwrap_or_default(),
            key: record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default(),
            version: record.header("ce_sequence").and_then(|text| text.parse().ok()),
            body: body_of(record),
        }
    }

    /// Whether something happened to an aggregate of that type.
    pub fn is_of(&self, aggregate: &str) -> bool {
        self.version.is_some() && self.record.topic == format!("{aggregate}.events.v1")
    }
}

fn body_of(record: &Written) -> Value {
    record.value.as_deref().and_then(|value| serde_json::from_slice(value).ok()).unwrap_or(Value::Null)
}

/// Records that the shipped arbiter judges otherwise.
pub(super) fn disagreements(roll: &Roll) -> Vec<String> {
    let mut judges: BTreeMap<(&str, i32), (Term, Arbiter)> = BTreeMap::new();
    let differ = roll.of(".events.v1").filter(|record| {
        let (term, arbiter) = judges.entry((&record.topic, record.partition)).or_default();
        let shipped = !matches!(arbiter.judge(stamp_of(&record.as_read())), Verdict::Void(_));
        term.takes(record) != shipped
    });
    differ.map(Written::place).collect()
}
