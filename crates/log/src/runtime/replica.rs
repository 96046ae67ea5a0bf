//! A copy in memory of another context's facts (a global table): the fold of its events, for reading. What it cannot
//! vouch for it does not tell: a partition that cannot be read on knows nothing any more, and says so.

use super::follower::{Behind, Follower, Seen, Trouble, Watcher};
use super::node::Node;
use crate::{Coordinates, Key, LogId, Replicated, Version};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// What the events of each aggregate come to.
pub(super) struct Facts<R: Replicated>(RwLock<HashMap<Key, (Version, R::State)>>);

impl<R: Replicated> Watcher for Facts<R> {
    const EVENTS: &'static str = R::EVENTS;
    type Event = R::Event;

    fn see(&self, events: Vec<Seen<R::Event>>) {
        let mut facts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for Seen { key, version, event, recorded_at: _ } in events {
            let slot = facts.entry(key).or_default();
            *slot = (version, R::evolve(std::mem::take(&mut slot.1), &event));
        }
    }
}

/// A copy of what the aggregate's events say. It may be behind: a refusal may rest on it only after [`Self::refresh`].
pub struct Replica<R: Replicated>(Follower<Facts<R>>);

impl<R: Replicated> Clone for Replica<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: Replicated> Replica<R> {
    pub(super) fn start(node: Node, partitions: i32) -> Self {
        Self(Follower::start(node, partitions, Self::nothing()))
    }

    fn nothing() -> Arc<Facts<R>> {
        Arc::new(Facts(RwLock::new(HashMap::new())))
    }

    /// Looks at an aggregate as the replica knows it. Of a partition that cannot be read on it knows nothing: what is
    /// looked for there is to be taken for unknown, and [`Self::refresh`] says that this is no ground for a refusal.
    pub fn with<T>(&self, key: &str, look: impl FnOnce(Version, &R::State) -> T) -> Option<T> {
        if self.0.is_stopped_for(key) {
            return None;
        }
        let facts = self.0.watcher().0.read().unwrap_or_else(PoisonError::into_inner);
        facts.get(key).map(|(version, state)| look(*version, state))
    }

    /// Why it does not read on, if it does not. [`Role::depends_on`](super::Role::depends_on) makes it visible.
    pub fn trouble(&self) -> Option<String> {
        self.0.trouble()
    }

    pub(super) fn troubles(&self) -> &Trouble {
        self.0.troubles()
    }

    /// The last record that the replica has read of the aggregate's partition: who rests on what it says has seen that.
    pub fn position_for(&self, key: &str) -> Option<(LogId, Coordinates)> {
        self.0.position_for(key)
    }

    /// Reads to the end that the log has now. If a partition cannot be read on it fails at once.
    pub async fn refresh(&self, within: Duration) -> Result<(), Behind> {
        self.0.refresh(within).await
    }

    /// Reads at least that record of that log. If its partition cannot be read on it fails at once.
    pub async fn reach(&self, log: LogId, at: &Coordinates, within: Duration) -> Result<(), Behind> {
        self.0.reach(log, at, within).await
    }
}

#[cfg(test)]
mod tests;
