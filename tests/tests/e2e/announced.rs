//! Somebody else writes into `services.v1`, which says whom to ask: it costs clients time, and nothing else.

use crate::hostile::{Bad, Vandal, incompressible, noise};
use crate::load::Load;
use bytes::Bytes;
use e2e::{Outcome, System, own};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tillroll_kafka::{Admin, Config, Offset, PartitionId, Topic};
use tillroll_schemas::catalogue;

const TOPIC: &str = "services.v1";
const PARTITIONS: i32 = 4;
/// Every role that is asked for something.
const ROLES: [&str; 4] = ["catalog", "inventory", "orders", "query-api"];
/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:1";
/// Less than what a topic takes by default.
const LARGE: usize = 900_000;
/// Whoever is silent for 6 s counts as gone; a client that was sent away just before comes again later.
const GOES_ON_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn whatever_is_announced_clients_get_on_and_every_promise_is_kept() -> Outcome {
    own(|system| async move {
        let more = [system.serve(&["serve", "inventory"]).await?, system.serve(&["serve", "orders"]).await?];
        let load = Load::start(&system.http(), "announced", 11, 6).await?;
        load.gets_on("clients are at work", GOES_ON_WITHIN).await?;
        let (vandal, real) = (Vandal::new(&system)?, announced(&system).await?);
        assert!(real.len() > ROLES.len(), "{:?}", real.keys());

        write(&vandal, garbage(&real)).await?;
        load.gets_on("after garbage, and everybody was said to be gone", GOES_ON_WITHIN).await?;
        write(&vandal, strange()).await?;
        load.gets_on("after announcements that cannot be", GOES_ON_WITHIN).await?;
        write(&vandal, ROLES.map(|role| stranger(role, i64::MAX))).await?;
        load.gets_on("after a stranger said that he owns everything", GOES_ON_WITHIN).await?;
        write(&vandal, impostors(&real)).await?;
        load.gets_on("after strangers spoke in everybody's name", GOES_ON_WITHIN).await?;

        let journal = load.keeps_every_promise(&system, GOES_ON_WITHIN).await?;
        assert!(journal.sent_away > 0, "nobody has believed the stranger");
        for instance in more {
            instance.stop().await?;
        }
        Ok(())
    })
}

async fn write(vandal: &Vandal, all: impl IntoIterator<Item = Bad>) -> Outcome {
    for bad in all {
        vandal.write(TOPIC, 0, bad).await?;
    }
    Ok(())
}

/// What stands in the topic: the last value of each key.
async fn announced(system: &System) -> Outcome<BTreeMap<Bytes, Bytes>> {
    let (admin, topic) = (Admin::new(&Config::new(system.bootstrap_servers()))?, Topic::from(TOPIC));
    let mut announced = BTreeMap::new();
    for (partition, begin, end) in admin.end_offsets(&topic, &[PartitionId(0)]).await? {
        for offset in begin.0..end.0 {
            let Some(record) = admin.read_at(&topic, partition, Offset(offset)).await? else { continue };
            if let (Some(key), Some(value)) = (record.key.clone(), record.value.clone()) {
                announced.insert(key, value);
            }
        }
    }
    Ok(announced)
}

/// A compacted topic takes no record without a key.
fn with_key(key: &[u8], (_, headers, value): Bad) -> Bad {
    (Some(Bytes::copy_from_slice(key)), headers, value)
}

/// Bytes that say nothing, under keys of nobody and of everybody; in the end everybody is said to be gone.
fn garbage(real: &BTreeMap<Bytes, Bytes>) -> Vec<Bad> {
    let keys = real.keys().map(|key| key.as_ref()).chain([b"".as_slice(), b"\xff\xfe", b"orders", b"orders/"]);
    let mut garbage: Vec<Bad> = keys.flat_map(|key| noise(1).into_iter().map(move |bad| with_key(key, bad))).collect();
    garbage.push((Some(Bytes::from_static(b"large")), Vec::new(), Some(incompressible(LARGE))));
    garbage.push((Some(incompressible(LARGE)), Vec::new(), Some(Bytes::from_static(b"{}"))));
    garbage.extend(real.keys().map(|key| (Some(key.clone()), Vec::new(), None)));
    garbage
}

/// Everything that `claim` says about it, and nobody there.
fn stranger(role: &str, claim: i64) -> Bad {
    announcement(&format!("{role}/mallory"), &said(role, "mallory", NOBODY, &each_partition(claim)))
}

fn each_partition(claim: i64) -> Value {
    let claims: BTreeMap<String, i64> = (0..PARTITIONS).map(|partition| (partition.to_string(), claim)).collect();
    let topics = catalogue::AGGREGATES.iter().map(|aggregate| (aggregate.events, claims.clone()));
    json!(topics.collect::<BTreeMap<_, _>>())
}

fn said(role: &str, instance: &str, url: &str, partitions: &Value) -> Value {
    json!({"role": role, "instance": instance, "url": url, "build": "0", "partitions": partitions, "leaving": false,
        "heartbeat": "2100-01-01T00:00:00Z"})
}

fn announcement(key: &str, said: &Value) -> Bad {
    (Some(Bytes::from(key.to_owned())), Vec::new(), Some(Bytes::from(said.to_string())))
}

/// Shaped as announcements are, and untrue in every way.
fn strange() -> Vec<Bad> {
    let long = "x".repeat(100_000);
    let everywhere = |claim| each_partition(claim);
    let nowhere = json!({"order.events.v1": {"-1": 1, "2147483647": 1}, "no.such.topic": {"0": 1}, "": {"0": 1}});
    vec![
        announcement("orders/a", &said("orders", "a", "", &everywhere(0))),
        announcement("orders/b", &said("orders", "b", "no url at all", &everywhere(-1))),
        announcement("orders/c", &said("orders", "c", "http://[::1", &everywhere(i64::MIN))),
        announcement("orders/d", &said("orders", "d", NOBODY, &nowhere)),
        announcement("e", &said("", "", NOBODY, &everywhere(i64::MAX))),
        announcement("orders/f", &said(&long, &long, &format!("http://{long}"), &everywhere(1))),
        announcement("inventory/g", &said("query-api", "g", "http://user:secret@127.0.0.1:1/x?y#z", &json!({}))),
        announcement("orders/h", &json!({"role": "orders"})),
        announcement("orders/i", &json!([])),
    ]
}

/// Everybody's own key and name, with the stranger's address, and claims that nobody can surpass.
fn impostors(real: &BTreeMap<Bytes, Bytes>) -> Vec<Bad> {
    let impostor = |(key, value): (&Bytes, &Bytes)| {
        let mut said: Value = serde_json::from_slice(value).unwrap_or_default();
        said["url"] = json!(NOBODY);
        said["partitions"] = each_partition(i64::MAX);
        (Some(key.clone()), Vec::new(), Some(Bytes::from(said.to_string())))
    };
    real.iter().map(impostor).collect()
}
