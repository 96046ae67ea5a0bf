//! Effects under way in one partition: in order within a key, beside each other across keys, so many at once.
//! Nothing of it is kept: what is not done when the partition is let go, the next owner does.

use super::Control;
use crate::{Cause, EFFECT_WITHIN, EffectFuture, Key, LogId, Outgoing};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// Effects of one partition that ask the outside world at the same time.
const AT_ONCE: usize = 64;

/// What one event does outside.
struct Deed {
    cause: Cause,
    log: LogId,
    effect: EffectFuture,
}

/// What came of it: the commands that record it, none if that is unknown.
pub(in crate::runtime) struct Done {
    pub(super) cause: Cause,
    pub(super) log: LogId,
    pub(super) outgoing: Result<Vec<Outgoing>, serde_json::Error>,
}

/// The effects of one partition.
pub(super) struct Doing {
    to_control: mpsc::UnboundedSender<Control>,
    at_once: Arc<Semaphore>,
    /// A key has an entry while something of it is under way; in it, what comes next.
    lanes: HashMap<Key, VecDeque<Deed>>,
}

impl Doing {
    pub(super) fn new(to_control: mpsc::UnboundedSender<Control>) -> Self {
        Self { to_control, at_once: Arc::new(Semaphore::new(AT_ONCE)), lanes: HashMap::new() }
    }

    /// Does it after whatever the same key does.
    pub(super) fn add(&mut self, cause: Cause, log: LogId, effect: EffectFuture) {
        let deed = Deed { cause, log, effect };
        match self.lanes.get_mut(&deed.cause.key) {
            Some(lane) => lane.push_back(deed),
            None => {
                self.lanes.insert(deed.cause.key.clone(), VecDeque::new());
                self.begin(deed);
            }
        }
    }

    /// One of the key has ended.
    pub(super) fn ended(&mut self, key: &Key) {
        match self.lanes.get_mut(key).and_then(VecDeque::pop_front) {
            Some(next) => self.begin(next),
            None => _ = self.lanes.remove(key),
        }
    }

    fn begin(&self, Deed { cause, log, effect }: Deed) {
        let (at_once, control) = (self.at_once.clone(), self.to_control.clone());
        tillroll_telemetry::spawn("effects", async move {
            let _turn = at_once.acquire_owned().await;
            // In a task of its own: a panic is an unknown outcome, and the next of the key has its turn.
            let doing = tillroll_telemetry::spawn("effect", timeout(EFFECT_WITHIN, effect));
            let outgoing = match doing.await {
                Ok(Ok(outgoing)) => outgoing,
                Ok(Err(_)) => {
                    tracing::warn!(cause = %cause.at, "an effect took too long and is cut off");
                    Ok(Vec::new())
                }
                Err(_) => Ok(Vec::new()),
            };
            let _ = control.send(Control::Done(Done { cause, log, outgoing }));
        });
    }
}
