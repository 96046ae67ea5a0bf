//! What can go wrong, by who must act: the caller (`SendError`, `ReadError`), or whoever runs the broker
//! (`KafkaError`).

use std::time::Duration;

use rdkafka::error::KafkaError as ClientError;
use rdkafka::types::RDKafkaErrorCode;
use thiserror::Error;

use crate::{NewRecord, Offset, OnDelivery, PartitionId, Topic};

/// The broker's or the client library's own error code; negative codes are the library's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(pub(crate) RDKafkaErrorCode);

impl ErrorCode {
    /// The number that Kafka's protocol guide lists (or, below zero, the client library's).
    #[must_use]
    pub fn number(self) -> i32 {
        self.0 as i32
    }

    /// Whether waiting is likely to mend it: the broker, a leader or the coordinator is away.
    #[must_use]
    pub fn is_transient(self) -> bool {
        use RDKafkaErrorCode as C;
        matches!(
            self.0,
            C::BrokerTransportFailure
                | C::AllBrokersDown
                | C::OperationTimedOut
                | C::MessageTimedOut
                | C::TimedOutQueue
                | C::RequestTimedOut
                | C::Resolve
                | C::WaitingForCoordinator
                | C::WaitCache
                | C::LeaderNotAvailable
                | C::NotLeaderForPartition
                | C::NotCoordinator
                | C::CoordinatorNotAvailable
                | C::CoordinatorLoadInProgress
                | C::BrokerNotAvailable
                | C::ReplicaNotAvailable
                | C::NetworkException
                | C::OffsetNotAvailable
                | C::FencedLeaderEpoch
                | C::UnknownLeaderEpoch
                | C::RebalanceInProgress
                | C::NotEnoughReplicas
                | C::NotEnoughReplicasAfterAppend
        )
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.0, self.number())
    }
}

/// Said of a topic or partition that does not exist; a broker that has just started may say it of any.
pub(crate) fn is_unknown(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(code, C::UnknownTopic | C::UnknownPartition | C::UnknownTopicOrPartition)
}

/// A client could not be made or a request to the cluster failed.
#[derive(Clone, Debug, Error)]
pub enum KafkaError {
    /// The named property is set by this crate, because what it promises rests on it.
    #[error("the Kafka property {property} cannot be configured: {reason}")]
    Reserved {
        /// The librdkafka property.
        property: String,
        /// Why it is not free.
        reason: &'static str,
    },
    /// The client library knows no such property, or no such value of it.
    #[error("the Kafka property {property} cannot be configured: {reason}")]
    Property {
        /// The librdkafka property.
        property: String,
        /// What the library says.
        reason: String,
    },
    /// The client library refused the configuration or the call.
    #[error("{doing}")]
    Client {
        /// What was being done.
        doing: &'static str,
        /// The library's reason.
        #[source]
        source: ClientError,
    },
    /// The cluster answered with an error.
    #[error("{doing}: {code}{}{detail}", if detail.is_empty() { "" } else { ": " })]
    Broker {
        /// What was being done.
        doing: &'static str,
        /// Kafka's code.
        code: ErrorCode,
        /// What the broker or the library added, or nothing.
        detail: String,
    },
    /// No answer in time; it may still have been done.
    #[error("{doing}: no answer within {within:?}")]
    TimedOut {
        /// What was being done.
        doing: &'static str,
        /// How long was waited.
        within: Duration,
    },
    /// The operating system gave no thread.
    #[error("{doing}: no thread could be started: {reason}")]
    Thread {
        /// What was being done.
        doing: &'static str,
        /// The system's reason.
        reason: String,
    },
    /// Too many ask at the same time; nothing has been done.
    #[error("{doing}: too many wait already")]
    Overloaded {
        /// What was being done.
        doing: &'static str,
    },
    /// The client has been closed, or its thread has ended.
    #[error("{doing}: the client is closed")]
    Closed {
        /// What was being done.
        doing: &'static str,
    },
}

impl KafkaError {
    pub(crate) fn client(doing: &'static str) -> impl FnOnce(ClientError) -> KafkaError {
        move |source| match source.rdkafka_error_code() {
            Some(code) => KafkaError::broker(doing, code, ""),
            None => KafkaError::Client { doing, source },
        }
    }

    pub(crate) fn broker(doing: &'static str, code: RDKafkaErrorCode, detail: &str) -> KafkaError {
        KafkaError::Broker { doing, code: ErrorCode(code), detail: detail.to_owned() }
    }

    pub(crate) fn thread(doing: &'static str) -> impl FnOnce(std::io::Error) -> KafkaError {
        move |error| KafkaError::Thread { doing, reason: error.to_string() }
    }

    /// Kafka's error code, if the cluster or the library gave one.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            KafkaError::Broker { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether waiting is likely to mend it.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            KafkaError::Broker { code, .. } => code.is_transient(),
            KafkaError::TimedOut { .. } | KafkaError::Overloaded { .. } => true,
            KafkaError::Reserved { .. }
            | KafkaError::Property { .. }
            | KafkaError::Client { .. }
            | KafkaError::Thread { .. }
            | KafkaError::Closed { .. } => false,
        }
    }
}

/// Why a record was not accepted for sending. Nothing has been sent.
#[derive(Clone, Debug, Error)]
pub enum SendError {
    /// The producer's queue is full: the broker is slower than the senders. Try again later.
    #[error("the producer's queue is full")]
    QueueFull,
    /// The record exceeds `message.max.bytes`.
    #[error("the record has {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Key, headers and value together.
        bytes: usize,
        /// `message.max.bytes`.
        limit: usize,
    },
    /// The idempotent producer lost its sequence; a new one takes its place within about 20 ms.
    #[error("the producer is being replaced after a fatal error: {0}")]
    Fatal(KafkaError),
    /// Anything else, for example an unknown topic or partition.
    #[error(transparent)]
    Other(KafkaError),
}

/// Why an accepted record is not known to be stored. Unless it says so, the record **may** be stored all the same.
#[derive(Clone, Debug, Error)]
pub enum DeliveryError {
    /// Not acknowledged within `message.timeout.ms`; it may be stored.
    #[error("not acknowledged in time")]
    TimedOut,
    /// The idempotent producer lost its sequence, or was closed; the record may be stored.
    #[error("the producer failed fatally")]
    Fatal,
    /// The broker refused the record for its size; it is not stored.
    #[error("the broker refused the record for its size")]
    TooLarge,
    /// Another error; the record may be stored.
    #[error(transparent)]
    Other(KafkaError),
}

/// A record that was not accepted, given back whole with its callback, which has not been called.
#[derive(Error)]
#[error("record not accepted for {}/{}", record.topic, record.partition)]
pub struct Refused {
    /// Why.
    #[source]
    pub error: SendError,
    /// The record.
    pub record: NewRecord,
    /// Its callback, not called.
    pub on_delivery: OnDelivery,
}

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refused").field("error", &self.error).field("record", &self.record).finish_non_exhaustive()
    }
}

/// Why a subscription ended. A broker that is away is no error: the subscription waits.
#[derive(Clone, Debug, Error)]
pub enum ReadError {
    /// The position is not within the partition: retention has passed it, or the log was truncated or made anew.
    #[error("offset {offset} of {topic}/{partition} is outside of {beginning}..={end}")]
    OffsetOutOfRange {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: PartitionId,
        /// The position that was asked for.
        offset: Offset,
        /// The first offset that is still there.
        beginning: Offset,
        /// The next offset to be written.
        end: Offset,
    },
    /// The topic or the partition does not exist.
    #[error("{topic}/{partition} does not exist")]
    UnknownPartition {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: PartitionId,
    },
    /// The client cannot go on: denied, misconfigured, closed.
    #[error("reading {topic}")]
    Fatal {
        /// The topic.
        topic: Topic,
        /// Why.
        #[source]
        source: KafkaError,
    },
}
