//! The one place with `unsafe`: the parts of librdkafka's C interface that rdkafka does not offer, or not without
//! panicking (header names that are not UTF-8) or losing what is needed (which topic ended, which commit was answered).
#![expect(unsafe_code, reason = "a C library is called; each block says why it is sound")]

mod call;
pub(crate) mod configs;
mod decode;
pub(crate) mod ends;
mod events;
pub(crate) mod topics;
mod waker;

pub(crate) use events::{Event, EventQueue, Place};
pub(crate) use waker::Waker;

/// Every consumer of this crate.
pub(crate) type Consumer = rdkafka::consumer::BaseConsumer<crate::context::Logged>;
