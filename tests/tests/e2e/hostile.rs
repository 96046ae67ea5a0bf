//! Somebody else writes into every topic while clients are at work: nobody stops, and nothing of it counts.

use crate::crash_points::broken_promises;
use crate::load::Load;
use bytes::Bytes;
use e2e::proof::{Roll, Written};
use e2e::{Outcome, System, own, until};
use std::collections::BTreeSet;
use std::time::Duration;
use tillroll_kafka::{Config, NewRecord, PartitionId, Producer, partition_for};
use tillroll_schemas::catalogue;
use tokio::sync::oneshot;

const PARTITIONS: i32 = 4;
/// What a topic takes, but for what Kafka adds to a record.
const GIANT: usize = 4 * 1024 * 1024 - 300;
/// Marks what stands in the dead letters and is no letter.
const HOSTILE: &str = "hostile";
const LETTERS_WITHIN: Duration = Duration::from_secs(120);
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);
const STRANGER: &str = "0b7d5b0e-4f0c-5a39-8f43-7d8a51c9b2e6";

/// Names and values.
pub type Headers = Vec<(&'static str, Bytes)>;
/// Key, headers, value.
pub type Bad = (Option<Bytes>, Headers, Option<Bytes>);

#[test]
fn whatever_stands_in_the_topics_nobody_stops_and_nothing_of_it_counts() -> Outcome {
    own(|system| async move {
        let load = Load::start(&system.http(), "hostile", 5, 6).await?;
        load.gets_on("clients are at work", ANSWERED_WITHIN).await?;
        let vandal = Vandal::new(&system)?;
        let bad_commands = vandal.write_everywhere(&system.roll().await?).await?;

        load.gets_on("clients go on", ANSWERED_WITHIN).await?;
        let journal = load.stop().await?;
        assert_eq!(journal.undocumented, Vec::<String>::new());
        assert_eq!((journal.stale, journal.reused), (Vec::new(), Vec::new()));
        let topics = system.topics()?;
        let all = bad_commands.len() + catalogue::AGGREGATES.len() * noise(0).len();
        until("every bad command has its letter", LETTERS_WITHIN, || async {
            let ends = topics.ends().await?;
            let dead = catalogue::AGGREGATES.iter().map(|aggregate| ends.of(&aggregate.dead_letters())).sum::<i64>();
            Ok((dead >= all as i64).then_some(()))
        })
        .await?;

        system.is_at_rest(LETTERS_WITHIN).await?;
        let mut roll = system.roll().await?;
        assert_eq!(letters(&roll), bad_commands.iter().cloned().collect::<Vec<_>>(), "one letter each, by its place");
        roll.records.retain(|record| record.header(HOSTILE).is_none());
        assert_eq!(broken_promises(&system, &roll, &journal.told).await?, Vec::<String>::new());
        shown_are_those_that_exist(&system, &roll).await
    })
}

/// The coordinates that letters name, in order.
fn letters(roll: &Roll) -> Vec<String> {
    let letters = roll.records.iter().filter(|record| record.topic.starts_with("dead-letter."));
    let own = letters.filter(|record| record.header(HOSTILE).is_none());
    let mut places: Vec<String> =
        own.map(|letter| String::from_utf8_lossy(letter.key.as_deref().unwrap_or_default()).into_owned()).collect();
    places.sort();
    places
}

/// `tillroll tail` leaves out what does not exist, and nothing else.
pub async fn shown_are_those_that_exist(system: &System, roll: &Roll) -> Outcome {
    let tailed = system.run(&["tail", "--all", "--from-beginning", "--json"]).await?;
    assert_eq!(tailed.code, Some(0), "{}", tailed.err);
    let lines: Vec<serde_json::Value> = tailed.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let entries = lines.iter().filter(|line| line["type"] != "log.claim.v1");
    let shown: BTreeSet<String> = entries.filter_map(|line| line["position"].as_str()).map(str::to_owned).collect();
    // Marks may have been added since.
    let exist: BTreeSet<String> = roll.admitted().iter().map(|entry| entry.record.place()).collect();
    let last: BTreeSet<String> = roll.records.iter().map(Written::place).collect();
    assert_eq!(exist.difference(&shown).collect::<Vec<_>>(), Vec::<&String>::new(), "left out");
    let void: Vec<&String> = shown.difference(&exist).filter(|place| last.contains(*place)).collect();
    assert_eq!(void, Vec::<&String>::new(), "void, and shown");
    Ok(())
}

/// Whoever may write, and writes what he must not.
pub struct Vandal(Producer);

impl Vandal {
    /// One who knows where Kafka is.
    pub fn new(system: &System) -> Outcome<Self> {
        Ok(Self(Producer::start(&Config::new(system.bootstrap_servers()))?))
    }

    /// Writes everything bad into every partition of every topic; the places of commands that must have letters.
    async fn write_everywhere(&self, roll: &Roll) -> Outcome<BTreeSet<String>> {
        let mut lettered = BTreeSet::new();
        for aggregate in catalogue::AGGREGATES {
            for partition in 0..PARTITIONS {
                for bad in [noise(partition), no_entries(roll, aggregate.events, partition)].concat() {
                    self.write(aggregate.events, partition, bad).await?;
                }
                for bad in [noise(partition), bad_commands(aggregate.name, partition)].concat() {
                    let offset = self.write(aggregate.commands, partition, bad).await?;
                    lettered.insert(format!("{}/{partition}@{offset}", aggregate.commands));
                }
                for again in real(roll, aggregate.commands, partition) {
                    self.write(aggregate.commands, partition, again).await?;
                }
            }
            for (key, mut headers, value) in noise(0) {
                headers.push((HOSTILE, Bytes::from_static(b"1")));
                self.write(&aggregate.dead_letters(), 0, (key, headers, value)).await?;
            }
        }
        Ok(lettered)
    }

    /// One record; its offset.
    pub async fn write(&self, topic: &str, partition: i32, (key, headers, value): Bad) -> Outcome<i64> {
        let (done, delivered) = oneshot::channel();
        let record = NewRecord { topic: topic.into(), partition: PartitionId(partition), key, headers, value };
        let on_delivery = Box::new(move |delivery| drop(done.send(delivery)));
        self.0.send(record, on_delivery).map_err(|refused| refused.error)?;
        Ok(delivered.await??.0)
    }
}

/// Bytes that say nothing to anybody; giants in the first partition only, as they are many bytes to read.
pub fn noise(partition: i32) -> Vec<Bad> {
    let mut noise = vec![
        (None, Vec::new(), None),
        (Some(Bytes::new()), Vec::new(), Some(Bytes::new())),
        (Some(Bytes::from_static(b"\xff\xfe")), Vec::new(), Some(Bytes::from_static(b"\x00garbage\xff"))),
        (Some(Bytes::from_static(b"key")), vec![("ce_type", Bytes::from_static(b"\xff"))], None),
    ];
    if partition == 0 {
        noise.push((None, Vec::new(), Some(incompressible(GIANT))));
    }
    noise
}

/// Bytes that no compression makes fewer.
pub fn incompressible(bytes: usize) -> Bytes {
    let mut state = 88_172_645_463_325_252_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// Text that hardly any compression makes less.
fn long_text(bytes: usize) -> String {
    incompressible(bytes).iter().map(|byte| char::from(b' ' + byte % 90 + 2).to_ascii_lowercase()).map(plain).collect()
}

/// Nothing that JSON would escape.
fn plain(letter: char) -> char {
    if matches!(letter, '"' | '\\') { '+' } else { letter }
}

/// Records that look like those of an owner, and are of none.
fn no_entries(roll: &Roll, topic: &str, partition: i32) -> Vec<Bad> {
    let of_partition = |record: &&Written| record.topic == topic && record.partition == partition;
    let written: Vec<&Written> = roll.records.iter().filter(of_partition).collect();
    let claims: Vec<&Written> =
        written.iter().copied().filter(|record| record.header("ce_type") == Some("log.claim.v1")).collect();
    let present = claims.last().and_then(|claim| claim.header("ce_id")).unwrap_or_default().to_owned();
    let entries = written.iter().filter(|record| record.header("claim") == Some(&present)).count();
    let entry = |claim: &str, ordinal: u64| -> Bad {
        let headers = vec![
            ("ce_type", Bytes::from_static(b"order.placed.v1")),
            ("ce_id", Bytes::from_static(STRANGER.as_bytes())),
            ("claim", Bytes::from(claim.to_owned())),
            ("ordinal", Bytes::from(ordinal.to_string())),
            ("ce_subject", Bytes::from_static(b"stranger")),
            ("ce_sequence", Bytes::from_static(b"1")),
        ];
        (Some(Bytes::from_static(b"stranger")), headers, Some(Bytes::from_static(b"{}")))
    };
    let claim = |previous: Option<&str>| -> Bad {
        let body = serde_json::json!({"claim": STRANGER, "previous": previous, "log": STRANGER, "instance": "mallory",
            "url": "http://127.0.0.1:1", "build": "0", "partitions": PARTITIONS});
        let headers =
            vec![("ce_type", Bytes::from_static(b"log.claim.v1")), ("ce_id", Bytes::from_static(STRANGER.as_bytes()))];
        (None, headers, Some(Bytes::from(body.to_string())))
    };
    let mut bad = vec![
        claim(None),
        claim(Some(STRANGER)),
        entry(STRANGER, 0),
        entry(STRANGER, entries as u64),
        entry(&present, entries as u64 + 1_000_000),
        entry(&present, u64::MAX),
    ];
    if entries > 0 {
        bad.push(entry(&present, 0));
    }
    bad.extend(written.iter().rev().take(5).map(|record| again(record)));
    bad
}

/// Commands that must go to the dead letters, each for another reason.
fn bad_commands(aggregate: &'static str, partition: i32) -> Vec<Bad> {
    let key_of = |home: bool| {
        let keys = (0_u32..).map(|nth| format!("KEY-{nth}"));
        keys.take(1_000).find(|key| (partition_for(key.as_bytes(), PARTITIONS).0 == partition) == home)
    };
    let key = |home| key_of(home).map(Bytes::from);
    let head = |kind: &str, floor: &'static str| -> Headers {
        vec![
            ("ce_id", Bytes::from(id_of(&format!("{aggregate}/{kind}/{floor}/{partition}")))),
            ("ce_type", Bytes::from(format!("{aggregate}.{kind}"))),
            ("source", Bytes::from(format!("mallory/{STRANGER}/{aggregate}.events.v1/0@7/step"))),
            ("floor", Bytes::from_static(floor.as_bytes())),
        ]
    };
    let json = |text: String| Some(Bytes::from(text));
    let empty = || json("{}".to_owned());
    let without = |name: &str| head("absent", "0").into_iter().filter(|(given, _)| *given != name).collect::<Headers>();
    let mut bad = vec![
        (key(true), head("unknown", "0"), empty()),
        (key(true), without("ce_id"), empty()),
        (key(true), without("ce_type"), empty()),
        (key(true), without("source"), empty()),
        (key(true), head("floor", "9223372036854775807"), empty()),
        (key(true), head("floor", "many"), empty()),
        (key(false), head("misplaced", "0"), empty()),
    ];
    if partition == 0 {
        let long = Bytes::from(long_text(GIANT - 1_000));
        let giant = json(format!("{{\"x\":\"{}\"}}", String::from_utf8_lossy(&long)));
        bad.push((key(true), head("giant", "0"), giant));
        bad.push((key(true), [head("actor", "0"), vec![("ce_actor", long.clone())]].concat(), empty()));
        bad.push((Some(long), head("key", "0"), empty()));
    }
    bad
}

/// Each bad command is one of its own.
fn id_of(name: &str) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// Real commands of that partition, once more.
fn real(roll: &Roll, topic: &str, partition: i32) -> Vec<Bad> {
    let of_partition = |record: &&Written| record.topic == topic && record.partition == partition;
    roll.records.iter().filter(of_partition).take(5).map(again).collect()
}

/// The same record once more, byte for byte. Names of headers live as long as the test.
fn again(record: &Written) -> Bad {
    let leaked = |name: &str| -> &'static str { Box::leak(name.to_owned().into_boxed_str()) };
    let headers = record.headers.iter().map(|(name, value)| (leaked(name), Bytes::from(value.clone()))).collect();
    (record.key.clone().map(Bytes::from), headers, record.value.clone().map(Bytes::from))
}
