//! What a role sees of its partitions: how many it owns, how many serve, why one stopped; and their routes.

use crate::runtime::commands::{Routes, ToOwner};
use crate::{Aggregate, PartitionId};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// How many partitions are owned and how many of them serve.
#[derive(Default)]
pub(in crate::runtime) struct Gauge {
    owned: AtomicUsize,
    serving: AtomicUsize,
    read: AtomicU64,
    alarm: Mutex<Option<String>>,
}

impl Gauge {
    pub(in crate::runtime) fn all_serving(&self) -> bool {
        let owned = self.owned.load(Ordering::Relaxed);
        owned > 0 && self.serving.load(Ordering::Relaxed) == owned
    }

    /// Why a partition stopped, if one did.
    pub(in crate::runtime) fn alarm(&self) -> Option<String> {
        self.alarm.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Events records that its partitions have read since the start.
    pub(in crate::runtime) fn records_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(super) fn count_read(&self, records: usize) {
        self.read.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(super) fn raise(&self, alarm: String) {
        *self.alarm.lock().unwrap_or_else(PoisonError::into_inner) = Some(alarm);
    }
}

/// Whether one partition serves; counted out however its task ends.
pub(super) struct Counted {
    gauge: Arc<Gauge>,
    serving: bool,
}

impl Counted {
    pub(super) fn new(gauge: Arc<Gauge>) -> Self {
        Self { gauge, serving: false }
    }

    pub(super) fn set(&mut self, serving: bool) {
        match (self.serving, serving) {
            (false, true) => _ = self.gauge.serving.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = self.gauge.serving.fetch_sub(1, Ordering::Relaxed),
            (true, true) | (false, false) => {}
        }
        self.serving = serving;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// Counts the partition as owned, and takes its route back however its task ends.
pub(super) struct Owned<A: Aggregate> {
    routes: Routes<A>,
    partition: PartitionId,
    gauge: Arc<Gauge>,
}

impl<A: Aggregate> Owned<A> {
    pub(super) fn new(routes: Routes<A>, partition: PartitionId, gauge: Arc<Gauge>) -> Self {
        gauge.owned.fetch_add(1, Ordering::Relaxed);
        Self { routes, partition, gauge }
    }

    pub(super) fn route(&self, route: Option<mpsc::Sender<ToOwner<A>>>) {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = usize::try_from(self.partition.0).ok().and_then(|index| routes.get_mut(index)) {
            *place = route;
        }
    }
}

impl<A: Aggregate> Drop for Owned<A> {
    fn drop(&mut self) {
        self.route(None);
        if std::thread::panicking() {
            self.gauge.raise(format!("{}/{}: the owner panicked", A::TOPICS.events, self.partition));
        }
        self.gauge.owned.fetch_sub(1, Ordering::Relaxed);
    }
}
