//! What a role sees of its partitions: how many it owns, how many serve, and why one does not.

use crate::Offset;
use crate::runtime::services::{Place, Served};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How many partitions are owned and how many of them serve.
#[derive(Default)]
pub(in crate::runtime) struct Gauge {
    member: AtomicBool,
    pub(super) owned: AtomicUsize,
    serving: AtomicUsize,
    served: watch::Sender<Served>,
    read: AtomicU64,
    alarms: Mutex<BTreeMap<Place, String>>,
}

impl Gauge {
    /// Whether the group has said what is owned, be it nothing, and all of it is served.
    pub(in crate::runtime) fn all_serving(&self) -> bool {
        let owned = self.owned.load(Ordering::Relaxed);
        self.member.load(Ordering::Relaxed) && self.serving.load(Ordering::Relaxed) == owned
    }

    /// Whether the group counts on this role.
    pub(in crate::runtime) fn set_member(&self, member: bool) {
        self.member.store(member, Ordering::Relaxed);
    }

    /// Whether it does.
    pub(in crate::runtime) fn is_member(&self) -> bool {
        self.member.load(Ordering::Relaxed)
    }

    /// What is served, as it changes.
    pub(in crate::runtime) fn served(&self) -> watch::Receiver<Served> {
        self.served.subscribe()
    }

    /// Why a partition stands still, if one does.
    pub(in crate::runtime) fn alarm(&self) -> Option<String> {
        self.alarms().values().next().cloned()
    }

    /// Events records that its partitions have read since the start.
    pub(in crate::runtime) fn records_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(super) fn count_read(&self, records: usize) {
        self.read.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(super) fn raise(&self, place: Place, alarm: String) {
        self.alarms().insert(place, alarm);
    }

    fn alarms(&self) -> MutexGuard<'_, BTreeMap<Place, String>> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether one partition serves; counted out, with its alarm, however its task ends.
pub(super) struct Counted {
    gauge: Arc<Gauge>,
    place: Place,
    claim: Offset,
    serving: bool,
}

impl Counted {
    pub(super) fn new(gauge: Arc<Gauge>, place: Place) -> Self {
        Self { gauge, place, claim: Offset(0), serving: false }
    }

    /// Under which claim it is served from now on.
    pub(super) fn serves_under(&mut self, claim: Offset) {
        self.set(false);
        self.claim = claim;
    }

    /// Why it stands still.
    pub(super) fn raise(&self, alarm: String) {
        self.gauge.raise(self.place, alarm);
    }

    pub(super) fn set(&mut self, serving: bool) {
        match (self.serving, serving) {
            (false, true) => {
                self.gauge.serving.fetch_add(1, Ordering::Relaxed);
                self.gauge.served.send_modify(|served| _ = served.insert(self.place, self.claim));
            }
            (true, false) => {
                self.gauge.serving.fetch_sub(1, Ordering::Relaxed);
                self.gauge.served.send_modify(|served| _ = served.remove(&self.place));
            }
            (true, true) | (false, false) => {}
        }
        self.serving = serving;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.set(false);
        self.gauge.alarms().remove(&self.place);
    }
}
