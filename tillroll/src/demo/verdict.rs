//! Reading the topic with the arbiter, and comparing what it holds with what the clients were told.

use super::load::Done;
use super::stage::Stage;
use crate::Failure;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use tillroll_kafka::{Offset, PartitionId, Record, Topic};
use tillroll_log::record::{header, stamp_of};
use tillroll_log::{Arbiter, Coordinates, Stamp, Verdict as Judged, Void};
use tillroll_schemas::catalogue::PRODUCT;

/// Void records that are shown; the rest is counted.
const SHOWN: usize = 20;

/// What came of it.
pub struct Verdict {
    answered: usize,
    lost: Vec<String>,
    doubled: Vec<String>,
    refused: Vec<String>,
    voids: Vec<String>,
}

/// What the topic holds.
#[derive(Default)]
struct Found {
    /// Where each product's admitted events are.
    events: HashMap<String, Vec<String>>,
    voids: Vec<String>,
}

/// Reads all of it.
pub async fn read(stage: &Stage, done: &[Done]) -> Result<Verdict, Failure> {
    Ok(Verdict::of(found(stage).await?, done))
}

async fn found(stage: &Stage) -> Result<Found, Failure> {
    let topic = Topic::from(PRODUCT.events);
    let partitions: Vec<PartitionId> = stage.places().map(|place| place.partition).collect();
    let ends = stage.node().admin().end_offsets(&topic, &partitions).await?;
    let mut left: BTreeMap<PartitionId, Offset> =
        ends.iter().filter(|(_, begin, end)| begin < end).map(|(partition, _, end)| (*partition, *end)).collect();
    let tail = tillroll_kafka::Tail::start(&stage.node().config().kafka)?;
    let from = left.keys().map(|partition| (*partition, Offset(0))).collect();
    let mut subscription = tail.subscribe(topic, from);
    let (mut found, mut arbiters) = (Found::default(), HashMap::<PartitionId, Arbiter>::new());
    while !left.is_empty() {
        let batch = subscription.next().await?;
        let arbiter = arbiters.entry(batch.partition).or_default();
        batch.records.iter().for_each(|record| found.judge(arbiter, record));
        if left.get(&batch.partition).is_some_and(|end| batch.next >= *end) {
            left.remove(&batch.partition);
        }
    }
    Ok(found)
}

impl Found {
    fn judge(&mut self, arbiter: &mut Arbiter, record: &Record) {
        let (at, stamp) = (Coordinates::of(record).to_string(), stamp_of(record));
        let type_name = record.headers.get_str(header::TYPE).unwrap_or_default();
        match arbiter.judge(stamp) {
            Judged::Admitted if !type_name.starts_with("log.") => {
                let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
                self.events.entry(key).or_default().push(at);
            }
            Judged::Admitted | Judged::Claimed => {}
            Judged::Void(why) => self.voids.push(format!("{at}  {type_name:20}  {}", told(stamp, why, arbiter))),
        }
    }
}

fn told(stamp: Stamp, why: Void, arbiter: &Arbiter) -> String {
    let claim = match stamp {
        Stamp::Claim { claim, .. } | Stamp::Entry { claim, .. } => format!("claim {claim}"),
        Stamp::Unreadable => "no claim".to_owned(),
    };
    let present = arbiter.claim.map(|claim| claim.to_string()).unwrap_or_default();
    match why {
        Void::OldClaim => format!("{claim}: void, the partition is written under claim {present}"),
        Void::LostClaim => format!("{claim}: void, another claim came first: {present}"),
        Void::Duplicate => format!("{claim}: void, its place is taken already"),
        Void::Gap => format!("{claim}: void, one before it is missing"),
        Void::Unreadable => format!("{claim}: void, not a record of the protocol"),
    }
}

impl Verdict {
    fn of(found: Found, done: &[Done]) -> Self {
        let of = |each: &Done| found.events.get(&each.sku).cloned().unwrap_or_default();
        let answered: Vec<&Done> = done.iter().filter(|each| each.refused.is_none()).collect();
        let lost = answered.iter().filter(|each| !of(each).contains(&each.at));
        let doubled = done.iter().filter(|each| of(each).len() > 1);
        let told = |each: &&Done| each.refused.as_ref().map(|why| format!("{}: {why}", each.sku));
        Self {
            answered: answered.len(),
            lost: lost.map(|each| format!("{}: {}", each.sku, each.at)).collect(),
            doubled: doubled.map(|each| format!("{}: {}", each.sku, of(each).join(", "))).collect(),
            refused: done.iter().filter_map(|each| told(&each)).collect(),
            voids: found.voids,
        }
    }

    /// Whether everything is as it must be.
    pub fn holds(&self) -> bool {
        self.answered > 0 && self.lost.is_empty() && self.doubled.is_empty() && self.refused.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "void records in the topic, which no reader of the log counts: {}", self.voids.len())?;
        self.voids.iter().take(SHOWN).try_for_each(|void| writeln!(f, "  {void}"))?;
        if self.voids.len() > SHOWN {
            writeln!(f, "  … and {} more", self.voids.len() - SHOWN)?;
        }
        for (what, which) in [("lost", &self.lost), ("doubled", &self.doubled), ("falsely refused", &self.refused)] {
            which.iter().take(SHOWN).try_for_each(|each| writeln!(f, "{what}: {each}"))?;
        }
        let Self { answered, lost, doubled, refused, .. } = self;
        let (lost, doubled, refused) = (lost.len(), doubled.len(), refused.len());
        write!(f, "answered {answered}, lost {lost}, doubled {doubled}, falsely refused {refused}")
    }
}

#[cfg(test)]
mod tests;
