//! Who has claimed which partition, as the topic has it.

use e2e::proof::Roll;
use e2e::{Outcome, System, until};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A claim, admitted or not.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Where it stands.
    pub offset: i64,
    /// Whose it is.
    pub instance: String,
}

/// The claims in each partition of an events topic, in order.
pub fn claims(roll: &Roll, topic: &str) -> BTreeMap<i32, Vec<Claim>> {
    let mut claims: BTreeMap<i32, Vec<Claim>> = BTreeMap::new();
    for record in roll.of(topic).filter(|record| record.header("ce_type") == Some("log.claim.v1")) {
        let value: serde_json::Value =
            serde_json::from_slice(record.value.as_deref().unwrap_or_default()).unwrap_or_default();
        let instance = value["instance"].as_str().unwrap_or_default().to_owned();
        claims.entry(record.partition).or_default().push(Claim { offset: record.offset, instance });
    }
    claims
}

/// The last claim of each partition.
pub fn last_claims(roll: &Roll, topic: &str) -> BTreeMap<i32, Claim> {
    let claims = claims(roll, topic).into_iter();
    claims.filter_map(|(partition, claims)| Some((partition, claims.last()?.clone()))).collect()
}

/// The last claims, once two instances share the partitions.
pub async fn shared_out(system: &System, topic: &str) -> Outcome<BTreeMap<i32, Claim>> {
    until("two instances share the partitions", Duration::from_secs(30), || async {
        let last = last_claims(&system.roll().await?, topic);
        let owners: BTreeSet<&str> = last.values().map(|claim| claim.instance.as_str()).collect();
        Ok((owners.len() == 2).then_some(last))
    })
    .await
}
