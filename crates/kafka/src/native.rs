//! The one place with `unsafe`: the parts of librdkafka's C interface that rdkafka does not offer, or not without
//! panicking (header names that are not UTF-8) or losing what is needed (which topic ended, which commit was answered),
//! and what has to be mended about it.
#![expect(unsafe_code, reason = "a C library is called; each block says why it is sound")]

mod brokers;
mod call;
pub(crate) mod configs;
mod decode;
pub(crate) mod ends;
mod events;
mod leaders;
pub(crate) mod topics;
mod waker;

pub(crate) use brokers::Brokers;
pub(crate) use events::{Event, EventQueue, Place};
pub(crate) use waker::Waker;

/// Every consumer of this crate.
pub(crate) type Consumer = rdkafka::consumer::BaseConsumer<crate::context::Logged>;

/// Makes the idempotent producer believe that it has lost its sequence.
pub(crate) fn fail_fatally<C: rdkafka::producer::ProducerContext>(producer: &rdkafka::producer::BaseProducer<C>) {
    use rdkafka::producer::Producer as _;
    let code = rdkafka_sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    // SAFETY: the client is alive, and the reason is a C string.
    unsafe { rdkafka_sys::rd_kafka_test_fatal_error(producer.client().native_ptr(), code, c"a test".as_ptr()) };
}
