//! The way of requests to a partition's owner: laid when it is up, taken away first of all when it is let go.

use super::Gauge;
use crate::runtime::commands::{Routes, ToOwner};
use crate::runtime::node::Node;
use crate::runtime::services::Place;
use crate::{Aggregate, PartitionId};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use tokio::sync::mpsc;

/// Counts the partition as owned, and takes its route back however its task ends.
pub(super) struct Owned<A: Aggregate> {
    pub(super) route: Route<A>,
    gauge: Arc<Gauge>,
}

impl<A: Aggregate> Owned<A> {
    pub(super) fn new(route: Route<A>, gauge: Arc<Gauge>) -> Self {
        gauge.owned.fetch_add(1, Ordering::Relaxed);
        Self { route, gauge }
    }
}

/// The way of requests to the partition's owner in this process.
pub(super) struct Route<A: Aggregate> {
    pub(super) node: Node,
    pub(super) routes: Routes<A>,
    pub(super) partition: PartitionId,
}

impl<A: Aggregate> Clone for Route<A> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), routes: self.routes.clone(), partition: self.partition }
    }
}

impl<A: Aggregate> Route<A> {
    pub(super) fn lead_to(&self, owner: Option<mpsc::Sender<ToOwner<A>>>) {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = usize::try_from(self.partition.0).ok().and_then(|index| routes.get_mut(index)) {
            *place = owner;
        }
        drop(routes);
        self.node.moved();
    }
}

impl<A: Aggregate> Drop for Owned<A> {
    fn drop(&mut self) {
        self.route.lead_to(None);
        if std::thread::panicking() {
            // It stays counted as owned: nobody serves it, and the role is not ready.
            let place = Place { topic: A::TOPICS.events, partition: self.route.partition };
            return self.gauge.raise(place, format!("{}/{}: the owner panicked", place.topic, place.partition));
        }
        self.gauge.owned.fetch_sub(1, Ordering::Relaxed);
    }
}
