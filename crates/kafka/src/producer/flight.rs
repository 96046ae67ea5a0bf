//! The records that have been accepted and not been answered yet: how many there may be, waiting until there are none,
//! and what follows when one is answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::Notify;

use super::waves::{Waiting, Wave};
use super::{OnDelivery, Shared};
use crate::{Config, DeliveryError, Offset, SendError};

/// As librdkafka counts them; it does not know of those that wait for their turn.
pub(super) struct Flight {
    records: AtomicUsize,
    bytes: AtomicUsize,
    most_records: usize,
    most_bytes: usize,
    landed: Notify,
    shared: OnceLock<Weak<Shared>>,
}

impl Flight {
    pub(super) fn of(config: &Config) -> Flight {
        let (most_records, most_bytes) = config.producer_room();
        let (records, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Flight { records, bytes, most_records, most_bytes, landed: Notify::new(), shared: OnceLock::new() }
    }

    /// Through whom what waits is sent.
    pub(super) fn goes_on_with(&self, shared: &Arc<Shared>) {
        // Set once, by the only caller.
        let _ = self.shared.set(Arc::downgrade(shared));
    }

    pub(super) fn records(&self) -> usize {
        self.records.load(Ordering::Acquire)
    }

    /// Counts a record in, if there is room.
    pub(super) fn take_off(&self, bytes: usize) -> bool {
        let fits = self.records.fetch_add(1, Ordering::AcqRel) < self.most_records;
        let fits = self.bytes.fetch_add(bytes, Ordering::AcqRel) < self.most_bytes && fits;
        if !fits {
            self.land(bytes);
        }
        fits
    }

    /// Counts a record out.
    pub(super) fn land(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        if self.records.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.landed.notify_waiters();
        }
    }

    /// Calls a record's callback and counts it out. What a panic leaves behind is the callback's.
    pub(super) fn answer(&self, on_delivery: OnDelivery, bytes: usize, outcome: Result<Offset, DeliveryError>) {
        if catch_unwind(AssertUnwindSafe(move || on_delivery(outcome))).is_err() {
            tracing::error!("a delivery callback panicked");
        }
        self.land(bytes);
    }

    /// A record of the wave was answered: sends what follows, or answers that too if it must not be sent.
    pub(super) fn go_on(&self, wave: &Arc<Wave>, lost: Option<DeliveryError>) {
        let mut next = wave.answered(lost);
        while let Some(following) = next.take() {
            for waiting in following.records {
                let bytes = waiting.record.size();
                let refused = match &following.lost {
                    Some(lost) => Some((waiting.on_delivery, lost.clone())),
                    None => self.send(wave, waiting),
                };
                if let Some((on_delivery, error)) = refused {
                    let lost = lost_by(&error);
                    self.answer(on_delivery, bytes, Err(error));
                    // Only the last answer of a wave has something behind it.
                    next = next.or(wave.answered(lost));
                }
            }
        }
    }

    /// Gives the callback back, and what to tell it, if the record cannot be sent.
    fn send(&self, wave: &Arc<Wave>, waiting: Waiting) -> Option<(OnDelivery, DeliveryError)> {
        let Some(shared) = self.shared.get().and_then(Weak::upgrade) else {
            return Some((waiting.on_delivery, DeliveryError::Fatal));
        };
        let refused = shared.hand_over(wave, waiting).err()?;
        let error = match refused.error {
            SendError::QueueFull => DeliveryError::TimedOut,
            SendError::TooLarge { .. } => DeliveryError::TooLarge,
            SendError::Fatal(_) => DeliveryError::Fatal,
            SendError::Other(error) => DeliveryError::Other(error),
        };
        Some((refused.on_delivery, error))
    }

    pub(super) async fn empty(&self) {
        loop {
            let landed = self.landed.notified();
            if self.records() == 0 {
                return;
            }
            landed.await;
        }
    }
}

/// The error, if what waits behind the record must not be stored without it: what was refused for itself is missed by
/// nobody.
pub(super) fn lost_by(error: &DeliveryError) -> Option<DeliveryError> {
    match error {
        DeliveryError::TimedOut | DeliveryError::Fatal => Some(error.clone()),
        DeliveryError::TooLarge | DeliveryError::Other(_) => None,
    }
}
