//! Where librdkafka's own log lines and client-wide errors go: into `tracing`, with the client's role as a field.

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::types::RDKafkaErrorCode;

/// The context of every consumer of this crate: it only logs.
pub(crate) struct Logged {
    pub role: &'static str,
}

impl ClientContext for Logged {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(self.role, level as i32, facility, message);
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: ClientError, reason: &str) {
        client_error(self.role, error.rdkafka_error_code(), reason);
    }
}

impl ConsumerContext for Logged {}

/// One line of librdkafka's log; `level` is syslog's, 0 the gravest.
/// Connection failures repeat with every attempt and are not warnings of this process: they stay at `debug`. So does what
/// is passed over because of `native/leaders.rs`.
pub(crate) fn log_line(role: &'static str, level: i32, facility: &str, message: &str) {
    let noise = matches!(facility, "FAIL" | "CONFWARN" | "CLOSE" | "REQTMOUT" | "SESSTMOUT" | "METADATAUPDATE");
    match level {
        _ if noise => tracing::debug!(kafka.client = role, facility, "librdkafka: {message}"),
        ..=3 => tracing::error!(kafka.client = role, facility, "librdkafka: {message}"),
        4 => tracing::warn!(kafka.client = role, facility, "librdkafka: {message}"),
        5 | 6 => tracing::info!(kafka.client = role, facility, "librdkafka: {message}"),
        _ => tracing::debug!(kafka.client = role, facility, "librdkafka: {message}"),
    }
}

/// What a client says about itself as a whole. It goes on by itself; only the loss of every broker is worth a warning.
pub(crate) fn client_error(role: &'static str, code: Option<RDKafkaErrorCode>, reason: &str) {
    match code {
        Some(RDKafkaErrorCode::AllBrokersDown) => {
            tracing::warn!(kafka.client = role, "no broker can be reached, waiting: {reason}");
        }
        code => tracing::debug!(kafka.client = role, ?code, reason, "kafka client error"),
    }
}
