//! Commands: what clients were told, against what the log holds of it.

use super::Admitted;
use std::collections::{BTreeMap, BTreeSet};

/// What a client asked for; its name is in the event, so that nobody has to know how command ids are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An order with this reference.
    Order(String),
    /// A change of stock by so many pieces, with this note.
    Stock {
        /// Of what.
        sku: String,
        /// By how many.
        delta: i64,
        /// Its name.
        note: String,
    },
}

/// A command with the answer that ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What was asked for.
    pub asked: Asked,
    /// The answer's status; none if the client gave up.
    pub status: Option<u16>,
    /// `Log-Position`, if the answer had one.
    pub position: Option<String>,
    /// When it was asked for first and when it was answered, in milliseconds of this machine's clock.
    pub between: (i64, i64),
}

impl Asked {
    /// The events that it has brought about by itself.
    fn events<'r>(&'r self, admitted: &'r [Admitted<'r>]) -> impl Iterator<Item = &'r Admitted<'r>> {
        admitted.iter().filter(move |event| match self {
            Self::Order(reference) => {
                event.kind.starts_with("order.placed.") && event.body["reference"].as_str() == Some(reference)
            }
            Self::Stock { sku, note, .. } => {
                event.is_of("stock-item") && event.key == sku && event.body["note"].as_str() == Some(note)
            }
        })
    }
}

pub(super) fn answered(admitted: &[Admitted<'_>], told: &[Answered]) -> Vec<String> {
    let places: BTreeSet<String> = admitted.iter().map(|entry| entry.record.place()).collect();
    let mut breaches = Vec::new();
    for command in told {
        let events = command.asked.events(admitted).count();
        let most_or_exactly_one = match command.status {
            Some(200..=299) => events == 1,
            Some(_) | None => events <= 1,
        };
        if !most_or_exactly_one {
            breaches.push(format!("{command:?} has {events} events"));
        }
        if command.position.as_ref().is_some_and(|position| !places.contains(position)) {
            breaches.push(format!("{command:?} names a record that does not exist"));
        }
    }
    breaches
}

pub(super) fn refused(admitted: &[Admitted<'_>], told: &[Answered]) -> Vec<String> {
    let is_refused = |command: &&Answered| command.status.is_some_and(|status| (400..500).contains(&status));
    let mut breaches = Vec::new();
    for command in told.iter().filter(is_refused) {
        match &command.asked {
            Asked::Order(_) => {
                // The refusal of an order that was waited for names it: placed, and then called off.
                let of_order = |placed: &Admitted<'_>| {
                    admitted.iter().any(|event| event.key == placed.key && event.kind == "order.confirmed.v1")
                };
                if command.asked.events(admitted).any(of_order) {
                    breaches.push(format!("{command:?} was confirmed"));
                }
            }
            Asked::Stock { sku, delta, .. } => {
                if command.asked.events(admitted).next().is_some() {
                    breaches.push(format!("{command:?} was carried out"));
                }
                if !was_short(admitted, sku, -delta, command.between) {
                    breaches.push(format!("{command:?} could have been carried out all the time"));
                }
            }
        }
    }
    breaches
}

/// Whether there was a moment between arrival and answer at which fewer pieces were free.
fn was_short(admitted: &[Admitted<'_>], sku: &str, pieces: i64, (from, to): (i64, i64)) -> bool {
    let free = |event: &Admitted<'_>| {
        let level = |name: &str| event.body["levels"][name].as_i64().unwrap_or_default();
        level("on_hand") - level("reserved") - level("committed")
    };
    let of_sku: Vec<_> = admitted.iter().filter(|event| event.is_of("stock-item") && event.key == sku).collect();
    let before = of_sku.iter().rfind(|event| event.record.recorded_ms < from).map_or(0, |event| free(event));
    let meanwhile = of_sku.iter().filter(|event| (from..=to).contains(&event.record.recorded_ms));
    pieces > before || meanwhile.map(|event| free(event)).any(|free| free < pieces)
}

pub(super) fn one_effect(admitted: &[Admitted<'_>]) -> Vec<String> {
    let mut effects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in admitted.iter().filter(|entry| entry.body["outcome"] != "conflict") {
        for command in entry.record.headers("ce_commandid") {
            effects.entry(format!("command {command}")).or_default().push(entry.record.place());
        }
        if let Some(reference) = entry.body["reference"].as_str().filter(|_| entry.version == Some(1)) {
            effects.entry(format!("{} {reference}", entry.kind)).or_default().push(entry.record.place());
        }
    }
    let doubled = effects.into_iter().filter(|(_, places)| places.len() > 1);
    doubled.map(|(what, places)| format!("{what}: {}", places.join(" and "))).collect()
}

pub(super) fn versions(admitted: &[Admitted<'_>]) -> Vec<String> {
    let mut last: BTreeMap<(&str, &str), (i32, u64)> = BTreeMap::new();
    let mut breaches = Vec::new();
    for event in admitted {
        let Some(version) = event.version else { continue };
        let partition = event.record.partition;
        let (home, before) = last.entry((&event.record.topic, event.key)).or_insert((partition, 0));
        if *home != partition || version != *before + 1 {
            let place = event.record.place();
            breaches.push(format!("{place}: version {version} of {} after {before} in partition {home}", event.key));
        }
        *before = version;
    }
    breaches
}
