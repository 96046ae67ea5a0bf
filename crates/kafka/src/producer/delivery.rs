//! What comes back for a sent record, on the producer's thread.

use std::os::raw::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{NoCustomPartitioner, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::util::IntoOpaque;

use super::{Flight, OnDelivery};
use crate::context::{client_error, log_line};
use crate::{DeliveryError, KafkaError, Offset};

/// Hands each answer to its record's callback.
pub(super) struct Deliveries {
    flight: Arc<Flight>,
}

impl Deliveries {
    pub(super) fn new(flight: Arc<Flight>) -> Deliveries {
        Deliveries { flight }
    }
}

pub(super) const ROLE: &str = "producer";

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(ROLE, level as i32, facility, message);
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: ClientError, reason: &str) {
        client_error(ROLE, error.rdkafka_error_code(), reason);
    }
}

impl ProducerContext<NoCustomPartitioner> for Deliveries {
    type DeliveryOpaque = Pending;

    fn delivery(&self, result: &DeliveryResult<'_>, pending: Pending) {
        let outcome = match result {
            Ok(message) => Ok(Offset(message.offset().max(Offset::UNKNOWN.0))),
            Err((error, _)) => Err(delivery_error(error)),
        };
        let callback = pending.into_callback();
        if catch_unwind(AssertUnwindSafe(move || callback(outcome))).is_err() {
            tracing::error!("a delivery callback panicked");
        }
        self.flight.land();
    }
}

fn delivery_error(error: &ClientError) -> DeliveryError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageTimedOut) => DeliveryError::TimedOut,
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => DeliveryError::TooLarge,
        Some(code) if is_fatal(code) => DeliveryError::Fatal,
        Some(code) => DeliveryError::Other(KafkaError::broker("storing a record", code, "")),
        None => DeliveryError::Other(KafkaError::client("storing a record")(error.clone())),
    }
}

/// The idempotent producer's sequence is lost, or its client has been closed with records in flight.
pub(super) fn is_fatal(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::Fatal
            | C::PurgeQueue
            | C::PurgeInflight
            | C::OutOfOrderSequenceNumber
            | C::UnknownProducerId
            | C::InvalidProducerEpoch
            | C::ProducerFenced
    )
}

/// A callback on its way through librdkafka. rdkafka asks for `Sync` although nobody shares it, hence the mutex.
pub(super) struct Pending(Box<std::sync::Mutex<OnDelivery>>);

impl Pending {
    pub(super) fn new(on_delivery: OnDelivery) -> Pending {
        Pending(Box::new(std::sync::Mutex::new(on_delivery)))
    }

    pub(super) fn into_callback(self) -> OnDelivery {
        self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl IntoOpaque for Pending {
    fn into_ptr(self) -> *mut c_void {
        self.0.into_ptr()
    }

    #[expect(unsafe_code, reason = "the trait of rdkafka is declared so")]
    unsafe fn from_ptr(pointer: *mut c_void) -> Pending {
        // SAFETY: rdkafka gives back, once, what `into_ptr` gave it.
        Pending(unsafe { IntoOpaque::from_ptr(pointer) })
    }
}
