//! The log in the eyes of somebody who has nothing but Kafka's own console consumer.

use crate::shop::{add_product, order_of, place, text};
use e2e::{Finished, Outcome, System, shared};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tillroll_kafka::{PartitionId, partition_for};

const TOPIC: &str = "order.events.v1";
const PARTITIONS: i32 = 4;
/// Headers that `docs/log-protocol.md` promises of every record of an events topic.
const ALL: [&str; 6] = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"];
/// … of every record but claims.
const ENTRY: [&str; 3] = ["claim", "ordinal", "inbox"];
/// … of events.
const EVENT: [&str; 5] = ["ce_subject", "ce_sequence", "ce_commandid", "ce_correlationid", "ce_actor"];
/// … of records that not all have.
const SOME: [&str; 5] = ["ce_commandhash", "source", "floor", "ce_causationid", "traceparent"];

#[test]
fn a_plain_console_consumer_reads_the_log() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        add_product(&http, "CONSOLE", 100, 5).await?;
        let order = place(&http, "console/1", &order_of(&[("CONSOLE", 2)])).send().await?.expect_status(201)?;
        let id = text(&order.json(), "id").to_owned();

        let mut arguments = vec!["--property", "print.headers=true", "--property", "print.key=true"];
        arguments.extend(["--property", "headers.separator=;", "--property", "key.separator=|"]);
        let read = consume(&system, &id, &arguments).await?;
        let records: Vec<Line> = read.out.lines().map(parse).collect::<Outcome<_>>()?;
        records.iter().for_each(check);
        let kinds: BTreeSet<&str> = records.iter().map(|record| record.header("ce_type")).collect();
        assert!(
            kinds.is_superset(&BTreeSet::from(["log.claim.v1", "order.placed.v2", "order.confirmed.v1"])),
            "{kinds:?}"
        );

        let of_order: Vec<&Line> = records.iter().filter(|record| record.key == id).collect();
        let events = of_order.iter().filter(|record| !record.header("ce_sequence").is_empty());
        let versions: Vec<&str> = events.map(|record| record.header("ce_sequence")).collect();
        assert_eq!(versions[..4], ["1", "2", "3", "4"], "placed, reserved, committed, confirmed");
        let placed = of_order.first().ok_or("no record of the order")?;
        assert_eq!((placed.header("ce_type"), placed.header("ce_actor")), ("order.placed.v2", "staff"));
        assert_eq!(placed.value["lines"][0]["sku"], "CONSOLE");
        Ok(())
    })
}

#[test]
fn without_properties_it_shows_time_place_headers_and_key() -> Outcome {
    shared(|system| async move {
        add_product(&system.http(), "CONSOLE-2", 100, 5).await?;
        let order =
            place(&system.http(), "console/2", &order_of(&[("CONSOLE-2", 1)])).send().await?.expect_status(201)?;
        let read = consume(&system, text(&order.json(), "id"), &[]).await?;
        for line in read.out.lines() {
            let [time, partition, offset, headers, key, value] = line.splitn(6, "  ").collect::<Vec<_>>()[..] else {
                return Err(format!("not six parts: {line}").into());
            };
            assert!(time.starts_with("LogAppendTime:"), "{line}");
            assert!(partition.starts_with("Partition:") && offset.starts_with("Offset:"), "{line}");
            assert!(headers.starts_with("ce_specversion:1.0, ce_id:"), "{line}");
            assert!(key == "null" || headers.contains(&format!("ce_subject:{key}")), "{line}");
            assert!(serde_json::from_str::<Value>(value).is_ok_and(|value| value.is_object()), "{line}");
        }
        Ok(())
    })
}

#[test]
fn a_topic_that_is_not_there_is_named_once() -> Outcome {
    shared(|system| async move {
        let read = system.console(&["console-consumer", "--topic", "order.event.v1", "--timeout-ms", "3000"]).await?;
        let told = read.err.lines().filter(|line| line.contains("there is no topic order.event.v1")).count();
        assert_eq!(told, 1, "{read:?}");
        Ok(())
    })
}

/// Reads what the partition of that order holds by now, as a person would, but ends. Of all partitions together so many
/// records may be others: those that are written meanwhile to one, instead of the last ones of another.
async fn consume(system: &System, order: &str, properties: &[&str]) -> Outcome<Finished> {
    let PartitionId(partition) = partition_for(order.as_bytes(), PARTITIONS);
    let records = system.topics()?.ends().await?.of_partition(TOPIC, partition).to_string();
    let partition = partition.to_string();
    let what = ["console-consumer", "--topic", TOPIC, "--partition", &partition, "--offset", "earliest"];
    let arguments = [&what, &["--max-messages", &records, "--timeout-ms", "30000"][..], properties].concat();
    let read = system.console(&arguments).await?;
    assert_eq!(read.code, Some(0), "{}", read.err);
    assert_eq!(read.out.lines().count().to_string(), records, "one line a record: {}", read.err);
    Ok(read)
}

#[derive(Debug)]
struct Line {
    headers: BTreeMap<String, Vec<String>>,
    key: String,
    value: Value,
}

impl Line {
    /// The first of that name; empty if there is none.
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }
}

fn parse(line: &str) -> Outcome<Line> {
    let [headers, key, value] = line.splitn(3, '|').collect::<Vec<_>>()[..] else {
        return Err(format!("no three parts: {line}").into());
    };
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for header in headers.split(';') {
        let (name, value) = header.split_once(':').ok_or_else(|| format!("no header: {header}"))?;
        by_name.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    Ok(Line { headers: by_name, key: key.to_owned(), value: serde_json::from_str(value)? })
}

/// Each kind of record has the headers that are documented of it, and none besides.
fn check(record: &Line) {
    let kind = record.header("ce_type");
    let mut required = ALL.to_vec();
    match kind {
        "log.claim.v1" => {}
        "log.mark.v1" => required.extend(ENTRY),
        "log.settled.v1" => required.extend(ENTRY.iter().chain(&["ce_subject", "ce_commandid", "ce_actor"])),
        _ => required.extend(ENTRY.iter().chain(&EVENT)),
    }
    let missing: Vec<_> = required.iter().filter(|name| record.header(name).is_empty()).collect();
    assert!(missing.is_empty(), "{kind} without {missing:?}: {record:?}");
    let known = |name: &str| [&ALL[..], &ENTRY, &EVENT, &SOME].concat().contains(&name);
    let unknown: Vec<_> = record.headers.keys().filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "{kind} with {unknown:?}: {record:?}");
    assert_eq!((record.header("ce_specversion"), record.header("ce_source")), ("1.0", "/orders"));
    assert_eq!(record.header("content-type"), "application/json");
    assert!(record.value.is_object(), "{record:?}");
    match kind {
        "log.claim.v1" | "log.mark.v1" => assert_eq!(record.key, "null", "{record:?}"),
        _ => assert_eq!(record.key, record.header("ce_subject"), "{record:?}"),
    }
    let as_often = |name: &str| record.headers.get(name).map_or(0, Vec::len);
    assert_eq!(as_often("source"), as_often("floor"), "{record:?}");
}
