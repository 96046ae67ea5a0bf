//! The group's decisions: what is assigned, what is revoked, what is lost.
//! What must hold: every decision is answered, or the client waits for ever; and no partition is given away before its
//! owner has released it, except in the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::{Offset as RdOffset, TopicPartitionList};

use super::flow::Flow;
use super::member::Member;
use super::{Assigned, GroupSignal, RevokedAck};
use crate::native::Place;
use crate::reading::partition_list;
use crate::{KafkaError, Offset, PartitionId, Topic};

/// How long the owner may hold on to what is revoked.
const RELEASE: Duration = Duration::from_secs(3);
/// The position of a partition that is not read: nothing is beyond it, so whatever comes is dropped.
const NOWHERE: Offset = Offset(i64::MAX);

/// What the owner is asked to release.
pub(super) struct Revoking {
    number: u64,
    places: Vec<(Topic, PartitionId)>,
    until: Instant,
}

impl Member {
    /// The answer must be given at once, before the owner has said from where to read. So it is empty: the client
    /// gets each partition later, with its position. (Taking it on at its end and seeking is not safe: librdkafka's
    /// look-up of the end may come back after the seek and carry the position away with it.)
    pub(super) fn assigned(&mut self, places: Vec<Place>) {
        self.has_joined = true;
        self.tell_client("answering an assignment", Ok(TopicPartitionList::new()), |consumer, list| {
            consumer.incremental_assign(list)
        });
        let mut assigned = Vec::with_capacity(places.len());
        for (topic, partition) in places.into_iter().map(named) {
            let (flow, records) = Flow::open(&self.line, &topic, partition);
            self.slots.insert(Arc::clone(&topic), partition, NOWHERE, flow);
            assigned.push(Assigned { topic, partition, records });
        }
        // None too: the group has decided, and the owner need not wait for any.
        self.unsent.push_back(GroupSignal::Assigned(assigned));
        self.go_on_after_rebalance();
    }

    /// The partitions stay assigned until the owner has let go, unless they are lost already.
    pub(super) fn revoked(&mut self, places: Vec<Place>) {
        self.finish_revoking();
        let places: Vec<(Topic, PartitionId)> = places.into_iter().map(named).collect();
        if places.is_empty() || self.queue.consumer().assignment_lost() {
            self.let_go(&places);
            if !places.is_empty() {
                self.unsent.push_back(GroupSignal::Lost(places));
            }
            return;
        }
        for (topic, partition) in &places {
            if let Some(slot) = self.slots.get_mut(topic, *partition) {
                slot.own.reading = false;
                slot.restart(NOWHERE);
            }
        }
        self.numbers += 1;
        let ack = RevokedAck::new(self.line.clone(), self.numbers);
        self.unsent.push_back(GroupSignal::Revoked(places.clone(), ack));
        self.revoking = Some(Revoking { number: self.numbers, places, until: Instant::now() + RELEASE });
    }

    pub(super) fn is_being_revoked(&self, topic: &Topic, partition: PartitionId) -> bool {
        let revoking = self.revoking.as_ref();
        revoking.is_some_and(|r| r.places.iter().any(|(t, p)| *t == *topic && *p == partition))
    }

    pub(super) fn released(&mut self, number: u64) {
        if self.revoking.as_ref().is_some_and(|revoking| revoking.number == number) {
            self.finish_revoking();
        }
    }

    pub(super) fn give_up_waiting(&mut self, now: Instant) {
        if self.revoking.as_ref().is_some_and(|revoking| now >= revoking.until) {
            tracing::warn!("revoked partitions were not released in time and are given away");
            self.finish_revoking();
        }
    }

    pub(super) fn finish_revoking(&mut self) {
        if let Some(revoking) = self.revoking.take() {
            self.let_go(&revoking.places);
        }
    }

    /// Answers a revocation. The client refuses to give up what it does not have, and would then wait for ever.
    fn let_go(&mut self, places: &[(Topic, PartitionId)]) {
        let mut held = Vec::with_capacity(places.len());
        for (topic, partition) in places {
            let slot = self.slots.remove(topic, *partition);
            held.extend(slot.filter(|slot| slot.own.started).map(|slot| (slot.topic, slot.partition)));
        }
        let list = partition_list(held.iter().map(|(topic, partition)| (topic, *partition, RdOffset::Invalid)));
        self.tell_client("giving up partitions", list, |consumer, list| consumer.incremental_unassign(list));
        self.go_on_after_rebalance();
    }

    /// During a rebalance the client pauses every partition by itself, and looks after them again within a second; a
    /// seek to where we are makes it look at once.
    fn go_on_after_rebalance(&mut self) {
        for slot in self.slots.iter_mut() {
            if slot.own.started && slot.own.reading && slot.own.seek.is_none() {
                slot.own.seek = Some(slot.next);
            }
        }
    }

    fn tell_client(
        &self,
        doing: &'static str,
        list: Result<TopicPartitionList, KafkaError>,
        tell: impl FnOnce(&crate::native::Consumer, &TopicPartitionList) -> rdkafka::error::KafkaResult<()>,
    ) {
        let told = list.and_then(|list| tell(self.queue.consumer(), &list).map_err(KafkaError::client(doing)));
        if let Err(error) = told {
            tracing::error!(error = %error, "the group's client did not obey");
        }
    }
}

fn named(place: Place) -> (Topic, PartitionId) {
    (Topic::from(place.topic), place.partition)
}
