//! How to reach the cluster, and what this crate sets on each kind of client.
//! Any librdkafka property may be added, except those that the crate's guarantees rest on.

use std::collections::BTreeMap;
use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as RdError;

use crate::KafkaError;

#[cfg(test)]
mod tests;

/// The largest value that a record may have by default: the catalogue's 4 MiB.
const MAX_VALUE_BYTES: usize = 4 * 1024 * 1024;
/// Room for key and headers on top of it.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Bootstrap servers and librdkafka properties (TLS, SASL, tuning) for every client.
/// `Debug` shows the names of properties only, as values may be secrets.
#[derive(Clone)]
pub struct Config {
    bootstrap: String,
    properties: BTreeMap<String, String>,
}

impl Config {
    /// `bootstrap` is a comma-separated list of `host:port`.
    #[must_use]
    pub fn new(bootstrap: impl Into<String>) -> Config {
        Config { bootstrap: bootstrap.into(), properties: BTreeMap::new() }
    }

    /// Sets a librdkafka property, for example `linger.ms` or `security.protocol`; it overrides this crate's default.
    /// A reserved property is refused when a client is started.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Config {
        self.properties.insert(key.into(), value.into());
        self
    }

    /// The servers that were given.
    #[must_use]
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap
    }

    /// Tries every property on the client library, without connecting.
    ///
    /// # Errors
    /// [`KafkaError::Reserved`] and [`KafkaError::Property`] name the property.
    pub fn check(&self) -> Result<(), KafkaError> {
        for client in [self.producer()?, self.reader(FetchWait::Tailing)?, self.member("checked")?] {
            client.create_native_config().map_err(|refused| match refused {
                RdError::ClientConfig(_, reason, property, _) => KafkaError::Property { property, reason },
                other => KafkaError::client("checking the properties")(other),
            })?;
        }
        Ok(())
    }

    /// The most bytes that key, headers and value of one record may have together.
    pub(crate) fn max_record_bytes(&self) -> usize {
        let own = MAX_VALUE_BYTES + MAX_HEADER_BYTES;
        self.properties.get("message.max.bytes").and_then(|text| text.parse().ok()).unwrap_or(own)
    }

    /// One idempotent producer; latency first, since the answer to a command waits for it.
    pub(crate) fn producer(&self) -> Result<ClientConfig, KafkaError> {
        let max_bytes = self.max_record_bytes().to_string();
        self.client(
            &[
                ("message.max.bytes", &max_bytes),
                ("linger.ms", "0"),
                // A fifth of the bytes of JSON, at no measurable loss of rate (README).
                ("compression.codec", "lz4"),
                ("message.timeout.ms", "5000"),
                // While a request waits for its turn no others are made, and records gather for the next. With the
                // default of five, librdkafka's thread spins instead: it has records, and may not send them, since an
                // idempotent producer has at most five of a partition under way (docs/performance.md).
                ("max.in.flight.requests.per.connection", "2"),
                ("queue.buffering.max.messages", "100000"),
                ("queue.buffering.max.kbytes", "262144"),
                ("retry.backoff.ms", "20"),
                ("retry.backoff.max.ms", "500"),
            ],
            PRODUCER_RESERVED,
        )
    }

    /// A consumer that is told what to read and from where, and never resets by itself.
    /// librdkafka wants a group id before it allows an assignment; nothing is ever joined or committed under it.
    pub(crate) fn reader(&self, wait: FetchWait) -> Result<ClientConfig, KafkaError> {
        let mut client = self.client(
            &[
                ("fetch.wait.max.ms", wait.millis()),
                ("fetch.min.bytes", "1"),
                ("fetch.queue.backoff.ms", "1"),
                ("fetch.error.backoff.ms", "50"),
                // What is fetched ahead, over all partitions.
                ("queued.max.messages.kbytes", "32768"),
                // Transactions are not used; a foreign one that hangs must not hide what comes after it.
                ("isolation.level", "read_uncommitted"),
            ],
            CONSUMER_RESERVED,
        )?;
        client.set("group.id", "assigned-readers");
        Ok(client)
    }

    /// A member of a consumer group.
    pub(crate) fn member(&self, group_id: &str) -> Result<ClientConfig, KafkaError> {
        let mut client = self.client(
            &[
                // A seek takes effect after the fetch that is under way.
                ("fetch.wait.max.ms", "50"),
                ("fetch.min.bytes", "1"),
                ("fetch.queue.backoff.ms", "1"),
                ("fetch.error.backoff.ms", "50"),
                ("queued.max.messages.kbytes", "32768"),
                ("isolation.level", "read_uncommitted"),
                ("session.timeout.ms", "6000"),
                // The others learn by theirs that one is gone, and its partitions wait for that.
                ("heartbeat.interval.ms", "200"),
                // The poll thread never runs foreign code, so a long gap means that the machine slept.
                ("max.poll.interval.ms", "300000"),
            ],
            CONSUMER_RESERVED,
        )?;
        client.set("group.id", group_id);
        client.set("partition.assignment.strategy", "cooperative-sticky");
        Ok(client)
    }

    fn client(&self, defaults: &[(&str, &str)], reserved: &[Reserved]) -> Result<ClientConfig, KafkaError> {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.bootstrap);
        for (key, value) in COMMON.iter().chain(defaults) {
            client.set(*key, *value);
        }
        for (key, value) in &self.properties {
            if let Some(reserved) = reserved.iter().chain(RESERVED).find(|r| r.property == key) {
                return Err(KafkaError::Reserved { property: key.clone(), reason: reserved.reason });
            }
            client.set(key, value);
        }
        for reserved in reserved {
            if let Some(value) = reserved.value {
                client.set(reserved.property, value);
            }
        }
        // rdkafka tells librdkafka to be silent below this, whatever the property says.
        if client.get("debug").is_some() {
            client.set_log_level(RDKafkaLogLevel::Debug);
        }
        Ok(client)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.properties.keys().map(String::as_str).collect();
        f.debug_struct("Config").field("bootstrap", &self.bootstrap).field("properties", &names).finish()
    }
}

/// How long the broker may hold back a fetch that finds nothing.
#[derive(Clone, Copy)]
pub(crate) enum FetchWait {
    /// A tail: nothing is lost by waiting, a record ends the wait at once.
    Tailing,
    /// A bounded read: the end of a partition is only known when the wait is over.
    Bounded,
}

impl FetchWait {
    fn millis(self) -> &'static str {
        match self {
            FetchWait::Tailing => "100",
            FetchWait::Bounded => "2",
        }
    }
}

struct Reserved {
    property: &'static str,
    value: Option<&'static str>,
    reason: &'static str,
}

const COMMON: &[(&str, &str)] = &[
    ("socket.nagle.disable", "true"),
    ("socket.keepalive.enable", "true"),
    ("reconnect.backoff.ms", "20"),
    ("reconnect.backoff.max.ms", "500"),
    ("log.connection.close", "false"),
    ("allow.auto.create.topics", "false"),
    ("topic.metadata.refresh.fast.interval.ms", "50"),
];

const fn set(property: &'static str, value: &'static str, reason: &'static str) -> Reserved {
    Reserved { property, value: Some(value), reason }
}

const fn free(property: &'static str, reason: &'static str) -> Reserved {
    Reserved { property, value: None, reason }
}

const RESERVED: &[Reserved] = &[
    free("bootstrap.servers", "it is given to Config::new"),
    free("group.id", "it is given to Group::join"),
    free("partition.assignment.strategy", "groups rebalance cooperatively"),
    free("transactional.id", "records are not written in transactions"),
];

const PRODUCER_RESERVED: &[Reserved] = &[
    set("enable.idempotence", "true", "a retry must not store a record twice"),
    set("acks", "all", "an acknowledged record must be on every replica in sync"),
    free("request.required.acks", "an acknowledged record must be on every replica in sync"),
];

const CONSUMER_RESERVED: &[Reserved] = &[
    set("enable.auto.commit", "false", "positions are kept by whoever stores the result"),
    set("enable.auto.offset.store", "false", "positions are kept by whoever stores the result"),
    set("enable.partition.eof", "true", "the end of a partition is found by position"),
    set("auto.offset.reset", "error", "a lost position is reported, never reset"),
];
