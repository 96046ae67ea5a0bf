//! The topics as bytes.

use crate::Outcome;
use crate::log::Topics;
use bytes::Bytes;
use std::time::Duration;
use tillroll_kafka::{Config, Offset, PartitionId, Record, Tail, Topic};

const READ_WITHIN: Duration = Duration::from_secs(60);

/// A record as it stands in a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub topic: String,
    /// Where.
    pub partition: i32,
    /// Where.
    pub offset: i64,
    /// When the broker stored it, in milliseconds.
    pub recorded_ms: i64,
    /// As it is.
    pub key: Option<Vec<u8>>,
    /// In order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// As it is.
    pub value: Option<Vec<u8>>,
}

impl Written {
    fn of(record: &Record) -> Self {
        Self {
            topic: record.topic.to_string(),
            partition: record.partition.0,
            offset: record.offset.0,
            recorded_ms: record.recorded_at_ms,
            key: record.key.as_ref().map(|key| key.to_vec()),
            headers: record.headers.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
            value: record.value.as_ref().map(|value| value.to_vec()),
        }
    }

    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(given, _)| given == name)?;
        std::str::from_utf8(value).ok()
    }

    /// All headers of that name that are text.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = self.headers.iter().filter(move |(given, _)| given == name);
        of_name.filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// `order.events.v1/3@17`
    pub fn place(&self) -> String {
        format!("{}/{}@{}", self.topic, self.partition, self.offset)
    }

    /// As a reader gets it.
    pub(super) fn as_read(&self) -> Record {
        Record {
            topic: Topic::from(self.topic.as_str()),
            partition: PartitionId(self.partition),
            offset: Offset(self.offset),
            recorded_at_ms: 0,
            key: self.key.clone().map(Bytes::from),
            headers: self.headers.iter().map(|(name, value)| (name, value)).collect(),
            value: self.value.clone().map(Bytes::from),
        }
    }

    /// The same with another value in its first header of that name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let Some((_, old)) = self.headers.iter_mut().find(|(given, _)| given == name) {
            *old = value.as_bytes().to_vec();
        }
        self
    }
}

/// All records of all topics: partition by partition, each in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// They.
    pub records: Vec<Written>,
}

impl Roll {
    /// Reads everything that is there now.
    pub async fn read(bootstrap_servers: &str) -> Outcome<Self> {
        let ends = Topics::of(bootstrap_servers)?.ends().await?;
        let tail = Tail::start(&Config::new(bootstrap_servers))?;
        let mut records = Vec::new();
        for ((topic, partition), end) in ends.all() {
            let from = vec![(PartitionId(*partition), Offset(0))];
            let mut subscription = tail.subscribe(Topic::from(topic.as_str()), from);
            let mut next = 0;
            while next < *end {
                let batch = tokio::time::timeout(READ_WITHIN, subscription.next()).await??;
                let wanted = batch.records.iter().filter(|record| record.offset.0 < *end);
                records.extend(wanted.map(|record| Written::of(record)));
                next = batch.next.0;
            }
        }
        Ok(Self { records })
    }

    /// The records of topics whose names end like that.
    pub fn of<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = &'a Written> {
        self.records.iter().filter(move |record| record.topic.ends_with(ending))
    }
}
