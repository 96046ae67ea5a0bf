//! One administrative request: submitted to a queue of its own, answered by one event.

use std::ffi::{CStr, CString};
use std::ptr::{self, NonNull};
use std::slice;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t as Code;

use super::Consumer;
use super::events::OwnedEvent;
use crate::KafkaError;

/// A request under way.
pub(super) struct Call<'c> {
    doing: &'static str,
    within: Duration,
    client: *mut sys::rd_kafka_t,
    options: NonNull<sys::rd_kafka_AdminOptions_t>,
    queue: NonNull<sys::rd_kafka_queue_t>,
    _consumer: &'c Consumer,
}

impl<'c> Call<'c> {
    /// Submits: `submit` gets the client, the options and the queue, all alive until the call is dropped.
    pub(super) fn submit(
        consumer: &'c Consumer,
        operation: sys::rd_kafka_admin_op_t,
        doing: &'static str,
        within: Duration,
        submit: impl FnOnce(*mut sys::rd_kafka_t, *const sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
    ) -> Result<Call<'c>, KafkaError> {
        let client = consumer.client().native_ptr();
        // SAFETY: the client is alive, as the consumer is borrowed; both results are destroyed with the call.
        let (options, queue) =
            unsafe { (sys::rd_kafka_AdminOptions_new(client, operation), sys::rd_kafka_queue_new(client)) };
        let closed = KafkaError::Closed { doing };
        let queue = NonNull::new(queue).ok_or(closed.clone())?;
        let Some(options) = NonNull::new(options) else {
            // SAFETY: just made, and not used any more.
            unsafe { sys::rd_kafka_queue_destroy(queue.as_ptr()) };
            return Err(closed);
        };
        let call = Call { doing, within, client, options, queue, _consumer: consumer };
        call.limit_time();
        submit(call.client, call.options.as_ptr(), call.queue.as_ptr());
        Ok(call)
    }

    fn limit_time(&self) {
        let millis = i32::try_from(self.within.as_millis()).unwrap_or(i32::MAX).max(1);
        let mut reason = [0; 128];
        // SAFETY: options and buffer are alive. A refused value leaves the default, 60 s; `answer` waits less anyway.
        unsafe {
            sys::rd_kafka_AdminOptions_set_request_timeout(
                self.options.as_ptr(),
                millis,
                reason.as_mut_ptr(),
                reason.len(),
            );
        }
    }

    /// Waits for the answer, and for its overall error.
    pub(super) fn answer(self) -> Result<OwnedEvent, KafkaError> {
        // A little longer than the library itself waits, so that its reason is seen.
        let wait = self.within.saturating_add(Duration::from_millis(100));
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is alive; the event is ours.
        let event = unsafe { sys::rd_kafka_queue_poll(self.queue.as_ptr(), wait) };
        let event = NonNull::new(event).map(OwnedEvent::new);
        let event = event.ok_or(KafkaError::TimedOut { doing: self.doing, within: self.within })?;
        match event.error() {
            Code::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(event),
            error => Err(KafkaError::broker(self.doing, error.into(), &event.reason())),
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        // SAFETY: made in `submit`, and not used any more; an answer that comes later is dropped by the library.
        unsafe {
            sys::rd_kafka_AdminOptions_destroy(self.options.as_ptr());
            sys::rd_kafka_queue_destroy(self.queue.as_ptr());
        }
    }
}

/// A name for C; a zero byte in it is a caller's mistake.
pub(super) fn c_string(text: &str, doing: &'static str) -> Result<CString, KafkaError> {
    CString::new(text).map_err(|error| KafkaError::Client { doing, source: error.into() })
}

/// Reads an array of pointers that the library returns with its length.
///
/// SAFETY: `get` returns null or an array of as many valid pointers as it writes to its argument, alive for `'a`.
pub(super) unsafe fn array<'a, T>(get: impl FnOnce(*mut usize) -> *mut *const T) -> &'a [*const T] {
    let mut count = 0;
    let start = get(&raw mut count);
    // SAFETY: by this function's contract.
    if start.is_null() || count == 0 { &[] } else { unsafe { slice::from_raw_parts(start, count) } }
}

/// SAFETY: null, or a C string.
pub(super) unsafe fn text(from: *const std::ffi::c_char) -> Option<String> {
    // SAFETY: by this function's contract.
    (!ptr::eq(from, ptr::null())).then(|| unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned())
}
