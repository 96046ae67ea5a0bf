//! Ends another thread's wait on an event queue at once.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka_sys as sys;

/// Wakes the thread that polls an [`EventQueue`](super::EventQueue); harmless once the queue is gone.
#[derive(Clone)]
pub(crate) struct Waker {
    shared: Arc<Shared>,
}

struct Shared {
    /// Set between a wake and the thread's next look at its commands, so that a hundred wakes cost one.
    woken: AtomicBool,
    queue: Mutex<Option<QueuePointer>>,
}

/// SAFETY: librdkafka's queues are thread-safe; the pointer is taken away before the queue is destroyed.
struct QueuePointer(NonNull<sys::rd_kafka_queue_t>);

// SAFETY: see the type.
unsafe impl Send for QueuePointer {}

impl Waker {
    pub(super) fn new(queue: NonNull<sys::rd_kafka_queue_t>) -> Waker {
        let queue = Mutex::new(Some(QueuePointer(queue)));
        Waker { shared: Arc::new(Shared { woken: AtomicBool::new(false), queue }) }
    }

    /// The thread's current wait, or else its next one, ends at once.
    pub(crate) fn wake(&self) {
        if self.shared.woken.swap(true, Ordering::AcqRel) {
            return;
        }
        let queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queue.as_ref() {
            // SAFETY: the queue lives as long as the pointer is in the mutex, which is held.
            unsafe { sys::rd_kafka_queue_yield(queue.0.as_ptr()) };
        }
    }

    /// Called by the polling thread before it looks at its commands.
    pub(crate) fn awake(&self) {
        self.shared.woken.store(false, Ordering::Release);
    }

    /// Wakes nobody.
    #[cfg(test)]
    pub(crate) fn of_nobody() -> Waker {
        Waker { shared: Arc::new(Shared { woken: AtomicBool::new(false), queue: Mutex::new(None) }) }
    }

    pub(super) fn disarm(&self) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
