//! Logs as they are kept: one JSON object a line, all but the first compressed.

use crate::record::{LIVES, LOGS};
use bytes::Bytes;
use e2e::Outcome;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Write};
use tillroll_kafka::{Headers, Offset, PartitionId, Record};
use tillroll_log::record::{Entry, Envelope, read_entry};
use tillroll_log::{Body, StoredPosition, Verdict};

/// The logs that there are, by their numbers.
pub fn logs() -> Outcome<Vec<u32>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(LOGS)? {
        logs.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    logs.sort_unstable();
    assert_eq!(logs.first(), Some(&LIVES), "{logs:?}");
    Ok(logs)
}

/// The lines of one of its files.
pub fn lines<T: DeserializeOwned>(log: u32, name: &str) -> Outcome<Vec<T>> {
    let (path, compressed) = file(log, name);
    let text = if compressed {
        let mut text = String::new();
        GzDecoder::new(File::open(path)?).read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(path)?
    };
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Writes one of its files.
pub fn write(log: u32, name: &str, lines: &[Value]) -> Outcome {
    std::fs::create_dir_all(format!("{LOGS}/{log}"))?;
    let (path, compressed) = file(log, name);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut file = File::create(path)?;
    if compressed {
        let mut gzip = GzEncoder::new(file, Compression::best());
        gzip.write_all(text.as_bytes())?;
        gzip.finish()?;
    } else {
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Where it is, and whether it is compressed.
fn file(log: u32, name: &str) -> (String, bool) {
    let compressed = log != LIVES;
    let gz = if compressed { ".gz" } else { "" };
    (format!("{LOGS}/{log}/{name}.jsonl{gz}"), compressed)
}

/// The admitted events of a topic, as any reader sees them, with their values.
pub fn events(log: u32, topic: &str) -> Outcome<Vec<(Envelope, Bytes)>> {
    let mut events = Vec::new();
    let mut positions = std::collections::BTreeMap::<PartitionId, StoredPosition>::new();
    for line in lines::<Value>(log, "records")?.iter().filter(|line| line["topic"] == topic) {
        let record = record(line)?;
        if positions.entry(record.partition).or_default().pass(&record) != Verdict::Admitted {
            continue;
        }
        if let Entry::Event(envelope) = read_entry(&record)? {
            events.push((envelope, record.value.unwrap_or_default()));
        }
    }
    Ok(events)
}

/// The event, as today's code has it.
pub fn event<B: Body>(envelope: &Envelope, value: &[u8]) -> Outcome<B> {
    Ok(B::decode(&envelope.type_name, value).map_err(|error| format!("{}: {error}", envelope.at))?)
}

fn record(line: &Value) -> Outcome<Record> {
    let number = |name: &str| line[name].as_i64().ok_or_else(|| format!("no {name}: {line}"));
    let bytes = |name: &str| line[name].as_str().map(|text| Bytes::copy_from_slice(text.as_bytes()));
    let headers: Vec<(String, String)> = serde_json::from_value(line["headers"].clone())?;
    Ok(Record {
        topic: line["topic"].as_str().unwrap_or_default().into(),
        partition: PartitionId(i32::try_from(number("partition")?)?),
        offset: Offset(number("offset")?),
        recorded_at_ms: number("recorded_ms")?,
        key: bytes("key"),
        headers: Headers::from_iter(headers),
        value: bytes("value"),
    })
}
