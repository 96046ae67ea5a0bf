//! A consumer's event queue: records, ends of partitions, errors, rebalances and answered commits, as one stream.

use std::ffi::CStr;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t as Code;

use super::decode::RawRecord;
use super::{Brokers, Consumer, Waker};
use crate::context::log_line;
use crate::{KafkaError, Offset, PartitionId};

/// What a consumer has to say.
pub(crate) enum Event {
    /// Nothing within the wait, or woken, or something that concerned only the log.
    Quiet,
    Record(RawRecord),
    /// The reader has reached the end, which is `offset`: control records count.
    PartitionEnd(Place, Offset),
    /// Reading this partition cannot go on by itself.
    PartitionError(Place, RDKafkaErrorCode),
    /// Something about the client as a whole; the library goes on by itself unless it is fatal.
    ClientError {
        code: RDKafkaErrorCode,
        fatal: bool,
        reason: String,
    },
    Assign(Vec<Place>),
    Revoke(Vec<Place>),
    Committed {
        ticket: usize,
        outcome: Result<(), RDKafkaErrorCode>,
    },
}

/// A partition, as librdkafka names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub topic: String,
    pub partition: PartitionId,
}

/// The queue of one consumer, which it keeps alive. One thread polls it.
pub(crate) struct EventQueue {
    queue: NonNull<sys::rd_kafka_queue_t>,
    waker: Waker,
    role: &'static str,
    brokers: Brokers,
    consumer: Arc<Consumer>,
}

// SAFETY: librdkafka's handles are thread-safe; the pointer is destroyed only with self.
unsafe impl Send for EventQueue {}

impl EventQueue {
    /// The consumer must have been made with a group id, or its messages go elsewhere.
    pub(crate) fn new(consumer: Consumer, role: &'static str, brokers: Brokers) -> Result<EventQueue, KafkaError> {
        // SAFETY: the client is alive; the reference that is returned is given back in `drop`.
        let queue = unsafe { sys::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
        let queue = NonNull::new(queue).ok_or(KafkaError::Closed { doing: "taking the consumer's queue" })?;
        Ok(EventQueue { queue, waker: Waker::new(queue), role, brokers, consumer: Arc::new(consumer) })
    }

    pub(crate) fn consumer(&self) -> &Arc<Consumer> {
        &self.consumer
    }

    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// The next event; `Quiet` after `wait` (whole milliseconds), or as soon as somebody wakes.
    pub(crate) fn poll(&self, wait: Duration) -> Event {
        // Not for each of the records that are there already.
        if !wait.is_zero() {
            self.brokers.look_after(self.consumer.client());
        }
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue lives as long as self; the event that is returned is ours.
        let event = unsafe { sys::rd_kafka_queue_poll(self.queue.as_ptr(), wait) };
        NonNull::new(event).map_or(Event::Quiet, |event| self.read(OwnedEvent::new(event)))
    }

    /// Starts a commit; the answer comes as [`Event::Committed`] with the same ticket.
    pub(crate) fn commit(&self, positions: &TopicPartitionList, ticket: usize) -> Result<(), RDKafkaErrorCode> {
        // SAFETY: client, list and queue are alive; the opaque is a number and never followed.
        let error = unsafe {
            sys::rd_kafka_commit_queue(
                self.consumer.client().native_ptr(),
                positions.ptr(),
                self.queue.as_ptr(),
                None,
                ptr::without_provenance_mut(ticket),
            )
        };
        outcome(error)
    }

    fn read(&self, event: OwnedEvent) -> Event {
        match event.kind() {
            sys::RD_KAFKA_EVENT_FETCH => fetched(event),
            sys::RD_KAFKA_EVENT_ERROR => failed(&event),
            sys::RD_KAFKA_EVENT_REBALANCE => match event.error() {
                Code::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Event::Assign(event.places()),
                _ => Event::Revoke(event.places()),
            },
            sys::RD_KAFKA_EVENT_OFFSET_COMMIT => {
                let outcome = outcome(event.error()).and_then(|()| event.partitions_outcome());
                Event::Committed { ticket: event.opaque(), outcome }
            }
            sys::RD_KAFKA_EVENT_LOG => {
                event.log(self.role);
                Event::Quiet
            }
            _ => Event::Quiet,
        }
    }
}

impl Drop for EventQueue {
    fn drop(&mut self) {
        self.waker.disarm();
        // SAFETY: the reference from `new`; no waker can reach it any more, and the client is still alive.
        unsafe { sys::rd_kafka_queue_destroy(self.queue.as_ptr()) };
    }
}

fn outcome(error: Code) -> Result<(), RDKafkaErrorCode> {
    match error {
        Code::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        error => Err(error.into()),
    }
}

fn fetched(event: OwnedEvent) -> Event {
    // SAFETY: a fetch event has one message, which it owns.
    let message = unsafe { sys::rd_kafka_event_message_next(event.0.as_ptr()) };
    let Some(message) = NonNull::new(message.cast_mut()) else { return Event::Quiet };
    // SAFETY: the event is alive.
    let found = unsafe { message.as_ref() };
    if found.err == Code::RD_KAFKA_RESP_ERR_NO_ERROR {
        // SAFETY: the message belongs to the event and carries no error.
        return Event::Record(unsafe { RawRecord::new(message, event) });
    }
    // SAFETY: a fetched message names its topic even if it carries an error (a batch that cannot be decoded).
    let topic = unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(found.rkt)) }.to_string_lossy().into_owned();
    Event::PartitionError(Place { topic, partition: PartitionId(found.partition) }, found.err.into())
}

fn failed(event: &OwnedEvent) -> Event {
    let code = event.error();
    match event.place() {
        Some((place, offset)) if code == Code::RD_KAFKA_RESP_ERR__PARTITION_EOF => Event::PartitionEnd(place, offset),
        Some((place, _)) => Event::PartitionError(place, code.into()),
        None => Event::ClientError { code: code.into(), fatal: event.is_fatal(), reason: event.reason() },
    }
}

/// An event, destroyed with its owner.
pub(super) struct OwnedEvent(NonNull<sys::rd_kafka_event_t>);

impl Drop for OwnedEvent {
    fn drop(&mut self) {
        // SAFETY: the event is ours, and nothing that it owns outlives it (see RawRecord).
        unsafe { sys::rd_kafka_event_destroy(self.0.as_ptr()) };
    }
}

impl OwnedEvent {
    /// Takes over an event that a queue has given.
    pub(super) fn new(event: NonNull<sys::rd_kafka_event_t>) -> OwnedEvent {
        OwnedEvent(event)
    }

    pub(super) fn as_ptr(&self) -> *mut sys::rd_kafka_event_t {
        self.0.as_ptr()
    }

    fn kind(&self) -> i32 {
        // SAFETY: the event is alive.
        unsafe { sys::rd_kafka_event_type(self.0.as_ptr()) }
    }

    pub(super) fn error(&self) -> Code {
        // SAFETY: the event is alive.
        unsafe { sys::rd_kafka_event_error(self.0.as_ptr()) }
    }

    fn is_fatal(&self) -> bool {
        // SAFETY: the event is alive and an error event.
        unsafe { sys::rd_kafka_event_error_is_fatal(self.0.as_ptr()) != 0 }
    }

    pub(super) fn reason(&self) -> String {
        // SAFETY: the event is alive; the string, if any, is its own.
        let reason = unsafe { sys::rd_kafka_event_error_string(self.0.as_ptr()) };
        // SAFETY: not null, and a C string that lives as long as the event.
        if reason.is_null() { String::new() } else { unsafe { owned(reason) } }
    }

    fn opaque(&self) -> usize {
        // SAFETY: the event is alive; the opaque is a number.
        unsafe { sys::rd_kafka_event_opaque(self.0.as_ptr()) }.addr()
    }

    /// The partition that an error event is about, and where.
    fn place(&self) -> Option<(Place, Offset)> {
        // SAFETY: the event is alive; the element that is returned is ours and destroyed below.
        let element = unsafe { sys::rd_kafka_event_topic_partition(self.0.as_ptr()) };
        let element = NonNull::new(element)?;
        // SAFETY: just made.
        let found = unsafe { (place_of(element.as_ref()), Offset(element.as_ref().offset)) };
        // SAFETY: ours, and not used any more.
        unsafe { sys::rd_kafka_topic_partition_destroy(element.as_ptr()) };
        Some(found)
    }

    /// The partitions that a rebalance event is about.
    fn places(&self) -> Vec<Place> {
        // SAFETY: the elements' topics are C strings.
        self.elements().iter().map(|element| unsafe { place_of(element) }).collect()
    }

    fn elements(&self) -> &[sys::rd_kafka_topic_partition_t] {
        // SAFETY: the event is alive and owns the list.
        let list = unsafe { sys::rd_kafka_event_topic_partition_list(self.0.as_ptr()) };
        // SAFETY: the list, if any, lives as long as the event.
        match unsafe { list.as_ref() } {
            Some(list) if list.cnt > 0 && !list.elems.is_null() => {
                // SAFETY: the list has `cnt` elements.
                unsafe { std::slice::from_raw_parts(list.elems, usize::try_from(list.cnt).unwrap_or(0)) }
            }
            _ => &[],
        }
    }

    /// The first error that any partition of the event's list has.
    fn partitions_outcome(&self) -> Result<(), RDKafkaErrorCode> {
        self.elements().iter().try_for_each(|element| outcome(element.err))
    }

    fn log(&self, role: &'static str) {
        let (mut facility, mut line, mut level) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the event is alive; the strings are its own.
        let error = unsafe { sys::rd_kafka_event_log(self.0.as_ptr(), &mut facility, &mut line, &mut level) };
        if error == 0 {
            // SAFETY: set by the call above, and alive as long as the event.
            let (facility, line) = unsafe { (owned(facility), owned(line)) };
            log_line(role, level, facility.trim(), line.trim());
        }
    }
}

/// SAFETY: `text` is a C string.
unsafe fn owned(text: *const std::ffi::c_char) -> String {
    // SAFETY: by this function's contract.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// SAFETY: the element's topic is a C string.
unsafe fn place_of(element: &sys::rd_kafka_topic_partition_t) -> Place {
    // SAFETY: by this function's contract.
    Place { topic: unsafe { owned(element.topic) }, partition: PartitionId(element.partition) }
}
