//! Who is there: the last word of each counts, silence is noticed, and of two owners the later claim is believed.

use super::*;
use crate::PartitionId;
use tillroll_kafka::{Headers, Offset};

struct Reader {
    heard: Heard,
    now: Instant,
    /// The broker's clock.
    broker_ms: i64,
}

impl Reader {
    fn new() -> Self {
        Self { heard: Heard::default(), now: Instant::now(), broker_ms: 1_000_000 }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.broker_ms += 1_000 * seconds as i64;
    }

    fn value(&mut self, instance: &str, value: Option<Vec<u8>>) {
        let record = Record {
            topic: "services.v1".into(),
            partition: PartitionId(0),
            offset: Offset(0),
            recorded_at_ms: self.broker_ms,
            key: Some(format!("orders/{instance}").into()),
            headers: Headers::default(),
            value: value.map(Into::into),
        };
        self.heard.record(&record, self.now);
    }

    fn says(&mut self, said: &Announcement) {
        self.value(&said.instance.clone(), serde_json::to_vec(said).ok());
    }

    fn there(&mut self) -> Vec<String> {
        self.heard.sweep(self.now);
        self.heard.directory.iter().map(|each| each.instance.clone()).collect()
    }

    fn owner(&mut self) -> Option<String> {
        self.heard.sweep(self.now);
        self.heard.directory.owner("order.events.v1", 3).map(|owner| owner.instance)
    }
}

fn instance(name: &str, claim: Option<i64>) -> Announcement {
    let partitions = claim.map(|claim| ("order.events.v1".to_owned(), BTreeMap::from([(3, claim)])));
    Announcement {
        role: "orders".into(),
        instance: name.into(),
        url: format!("http://{name}:1"),
        build: "test".into(),
        partitions: partitions.into_iter().collect(),
        leaving: false,
        heartbeat: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn of_two_that_say_they_own_a_partition_the_later_claim_is_believed() {
    for names in [["a", "b"], ["b", "a"]] {
        let mut reader = Reader::new();
        reader.says(&instance(names[0], Some(9)));
        reader.says(&instance(names[1], Some(17)));
        reader.says(&instance(names[0], Some(9)));
        assert_eq!(reader.owner().as_deref(), Some(names[1]), "not the one that spoke last");
    }
}

#[test]
fn whoever_serves_it_no_more_is_its_owner_no_more() {
    let mut reader = Reader::new();
    reader.says(&instance("a", Some(9)));
    reader.says(&instance("a", None));
    assert_eq!((reader.owner(), reader.there()), (None, vec!["a".to_owned()]));
}

#[test]
fn who_takes_the_announcement_back_is_gone_at_once() {
    let mut reader = Reader::new();
    reader.says(&instance("a", Some(9)));
    reader.value("a", None);
    assert_eq!(reader.there(), Vec::<String>::new());
}

#[test]
fn who_is_silent_for_three_heartbeats_is_gone_and_comes_back_with_the_next_one() {
    let mut reader = Reader::new();
    reader.says(&instance("a", Some(9)));
    reader.pass(6);
    reader.says(&instance("b", None));
    assert_eq!(reader.there(), ["a", "b"]);
    reader.pass(1);
    assert_eq!(reader.there(), ["b"]);
    reader.says(&instance("a", Some(9)));
    assert_eq!(reader.owner().as_deref(), Some("a"));
}

#[test]
fn when_nobody_is_heard_any_more_all_stay_as_they_were() {
    let mut reader = Reader::new();
    reader.says(&instance("a", Some(9)));
    reader.says(&instance("b", None));
    reader.pass(600);
    assert_eq!(reader.there(), ["a", "b"], "it is Kafka that is silent");
    reader.says(&instance("b", None));
    assert_eq!(reader.there(), ["b"]);
}

#[test]
fn an_announcement_of_long_ago_that_is_only_now_read_brings_nobody_back() {
    let mut reader = Reader::new();
    reader.says(&instance("a", Some(9)));
    reader.broker_ms += 60_000;
    reader.says(&instance("b", None));
    assert_eq!(reader.there(), ["b"]);
}

#[test]
fn what_an_instance_says_of_its_own_clock_does_not_matter() {
    let mut reader = Reader::new();
    reader.says(&Announcement { heartbeat: Timestamp::MAX_UTC, ..instance("a", None) });
    reader.says(&Announcement { heartbeat: Timestamp::MIN_UTC, ..instance("b", None) });
    assert_eq!(reader.there(), ["a", "b"]);
}

#[test]
fn a_heartbeat_is_no_news() {
    let mut reader = Reader::new();
    reader.says(&instance("a", Some(9)));
    let known = reader.heard.news(&Directory::default()).unwrap();
    reader.pass(2);
    reader.says(&Announcement { heartbeat: Timestamp::MAX_UTC, ..instance("a", Some(9)) });
    assert_eq!(reader.heard.news(&known), None);
    reader.says(&instance("a", Some(11)));
    assert!(reader.heard.news(&known).is_some(), "a new claim is");
}

#[test]
fn who_is_leaving_still_owns_and_is_not_asked_for_anything_else() {
    let mut reader = Reader::new();
    reader.says(&Announcement { leaving: true, ..instance("a", Some(9)) });
    reader.says(&instance("b", None));
    assert_eq!(reader.owner().as_deref(), Some("a"));
    assert_eq!(reader.heard.directory.urls("orders"), ["http://b:1"]);
}

#[test]
fn an_announcement_that_cannot_be_read_is_none() {
    let mut reader = Reader::new();
    reader.says(&instance("a", Some(9)));
    reader.value("a", Some(b"{\"of\":\"another build\"}".to_vec()));
    assert_eq!(reader.there(), Vec::<String>::new());
}
