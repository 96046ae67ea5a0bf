//! The announcements as a value: records and the time go in, who is there comes out.

use super::{OwnerFound, SILENT_AFTER};
use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tillroll_kafka::Record;

/// What an instance says of itself: the value of a record whose key is `<role>/<instance>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The role.
    pub role: String,
    /// Which of its instances; unique for each start of a process.
    pub instance: String,
    /// Where other instances and the gateway can ask it: `http://host:port`.
    pub url: String,
    /// What it runs.
    pub build: String,
    /// Per events topic the partitions that it serves, each with the offset of its admitted claim.
    pub partitions: BTreeMap<String, BTreeMap<i32, i64>>,
    /// It is about to end, or not ready yet: it serves what it names, and wants no requests for anything else.
    pub leaving: bool,
    /// When it said so, by its own clock; for people only.
    pub heartbeat: Timestamp,
}

/// Who is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory(BTreeMap<String, Announcement>);

impl Directory {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Announcement> {
        self.0.values()
    }

    pub(super) fn owner(&self, topic: &str, partition: i32) -> Option<OwnerFound> {
        let claim = |each: &Announcement| each.partitions.get(topic)?.get(&partition).copied();
        let claims = self.iter().filter_map(|each| Some((claim(each)?, each)));
        let (_, latest) = claims.max_by_key(|(claim, _)| *claim)?;
        Some(OwnerFound { instance: latest.instance.clone(), url: latest.url.clone() })
    }

    pub(super) fn urls(&self, role: &str) -> Vec<String> {
        let asked = self.iter().filter(|each| each.role == role && !each.leaving);
        asked.map(|each| each.url.clone()).collect()
    }
}

/// When each was last heard of.
#[derive(Debug, Default)]
pub(super) struct Heard {
    directory: Directory,
    last: BTreeMap<String, Last>,
    /// The broker's newest time stamp.
    newest_ms: i64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    /// By this reader's clock.
    at: Instant,
    /// By the broker's: it tells how old an announcement was that is only now read.
    recorded_ms: i64,
}

impl Heard {
    /// The next record of the topic. What cannot be read says nothing: another build's instance is as good as absent.
    pub(super) fn record(&mut self, record: &Record, now: Instant) {
        let Some(key) = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()) else { return };
        self.newest_ms = self.newest_ms.max(record.recorded_at_ms);
        let said = record.value.as_deref().and_then(|value| serde_json::from_slice::<Announcement>(value).ok());
        match said {
            Some(announcement) => {
                self.last.insert(key.to_owned(), Last { at: now, recorded_ms: record.recorded_at_ms });
                self.directory.0.insert(key.to_owned(), announcement);
            }
            None => self.forget(key),
        }
    }

    /// Forgets who has been silent for too long. When nobody at all is heard, it is Kafka that is silent, and what was
    /// known last is the best that is known.
    pub(super) fn sweep(&mut self, now: Instant) {
        let lately = |last: &Last| now.saturating_duration_since(last.at) <= SILENT_AFTER;
        if !self.last.values().any(lately) {
            return;
        }
        let longest = i64::try_from(SILENT_AFTER.as_millis()).unwrap_or(i64::MAX);
        let newest = self.newest_ms;
        let silent = |last: &Last| {
            let silence: Duration = now.saturating_duration_since(last.at);
            silence > SILENT_AFTER || newest.saturating_sub(last.recorded_ms) > longest
        };
        let gone: Vec<String> = self.last.iter().filter(|(_, last)| silent(last)).map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| self.forget(key));
    }

    fn forget(&mut self, key: &str) {
        self.last.remove(key);
        self.directory.0.remove(key);
    }

    /// Who is there, if that is something else than `known`; that one is there still changes nothing.
    pub(super) fn news(&self, known: &Directory) -> Option<Directory> {
        let without_time = |each: &Announcement| Announcement { heartbeat: Timestamp::UNIX_EPOCH, ..each.clone() };
        let told = Directory(self.directory.0.iter().map(|(key, each)| (key.clone(), without_time(each))).collect());
        (told != *known).then_some(told)
    }
}

#[cfg(test)]
mod tests;
