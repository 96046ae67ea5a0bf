//! What has to hold before an owner may claim; what does not hold is named, with its mending. Whether it holds is
//! decided on values: `Guard` only fetches them.

use super::Partition;
use crate::record::Inbox;
use crate::{Aggregate, Offset, PartitionId, Reactions, Topic};
use tillroll_kafka::{Admin, KafkaError, Record};
use uuid::Uuid;

/// What the partition's log says, and what is set up.
#[derive(Clone)]
pub(in crate::runtime) struct Guard {
    /// The events topic and partition, for the messages.
    pub(super) place: String,
    pub(super) commands_topic: Topic,
    /// Before this offset the reactor is done with everything.
    pub(super) reacted: Offset,
    /// The events partition was read up to here, its end.
    pub(super) read: Offset,
    /// The partitions that the last claim counts.
    pub(super) claimed: Option<i32>,
    /// The partitions that are configured.
    pub(super) configured: i32,
    /// How far the commands have ended.
    pub(super) inbox: Option<Inbox>,
}

/// Why the owner may not claim.
pub(super) enum Unmet {
    /// Something is not as it must be: it stays so until a person mends it.
    Guard(String),
    /// Kafka could not say; it may soon.
    Unknown(KafkaError),
}

impl<A: Aggregate, R: Reactions<A>> Partition<A, R> {
    /// The reactor's stored position must meet its record in this log.
    pub(super) fn check_reactor_meets(&mut self, record: &Record) {
        let start = self.outbox.start();
        if start.last.is_some_and(|last| last.offset == record.offset)
            && let Err(mismatch) = start.meet(record)
        {
            let place = format!("{}/{}", self.topic, self.partition);
            self.owner.fault(crate::owner::Alarm::Guard(format!("{place}: {mismatch}; restore it from its copy")));
        }
    }

    /// What the owner must know hold before it may claim.
    pub(super) fn guard(&self) -> Guard {
        let fold = self.owner.fold();
        Guard {
            place: format!("{}/{}", self.topic, self.partition),
            commands_topic: self.commands_topic.clone(),
            reacted: self.outbox.start().next,
            read: fold.position.next,
            claimed: fold.claim.as_ref().map(|claim| claim.partitions),
            configured: self.node.config().partitions,
            inbox: fold.inbox,
        }
    }
}

impl Guard {
    pub(super) async fn check(self, admin: Admin, partition: PartitionId) -> Result<(), Unmet> {
        self.check_position().map_err(Unmet::Guard)?;
        self.check_partitions().map_err(Unmet::Guard)?;
        let Some(inbox) = self.inbox else { return Ok(()) };
        let name = &self.commands_topic;
        let described = admin.describe_topics(std::slice::from_ref(name)).await.map_err(Unmet::Unknown)?;
        let id = described.into_iter().next().flatten().map(|topic| topic.topic_id);
        self.check_topic(inbox, id).map_err(Unmet::Guard)?;
        let ends = admin.end_offsets(name, &[partition]).await.map_err(Unmet::Unknown)?;
        match ends.first() {
            Some((_, beginning, end)) => self.check_inbox(inbox, *beginning, *end).map_err(Unmet::Guard),
            None => Ok(()),
        }
    }

    /// What the reactor has read must still be there.
    pub(in crate::runtime) fn check_position(&self) -> Result<(), String> {
        let Self { place, reacted, read, .. } = self;
        if reacted > read {
            return Err(format!(
                "{place}: the reactor had read to offset {reacted}, the topic ends at {read}: it was truncated or made \
                 again; restore it from its copy"
            ));
        }
        Ok(())
    }

    /// Keys must lie where they always did.
    fn check_partitions(&self) -> Result<(), String> {
        let Self { place, configured, .. } = self;
        match self.claimed {
            Some(claimed) if claimed != *configured => Err(format!(
                "{place}: the last claim counts {claimed} partitions, {configured} are configured: keys would move; set \
                 TILLROLL_PARTITIONS={claimed}"
            )),
            _ => Ok(()),
        }
    }

    /// The inbox must be of the commands topic that is there.
    fn check_topic(&self, inbox: Inbox, found: Option<Uuid>) -> Result<(), String> {
        let Self { place, commands_topic: name, .. } = self;
        match found {
            Some(id) if id == inbox.topic.0 => Ok(()),
            Some(id) => Err(format!(
                "{place}: its inbox is of topic {name} {}, but that topic has id {id}: it was made again and commands \
                 may be lost; restore it from its copy",
                inbox.topic
            )),
            None => Err(format!(
                "{place}: its inbox is of topic {name} {}, which is not there: commands may be lost; restore it from \
                 its copy",
                inbox.topic
            )),
        }
    }

    /// The next command must be there, or be the next that comes.
    fn check_inbox(&self, Inbox { next, .. }: Inbox, beginning: Offset, end: Offset) -> Result<(), String> {
        let Self { place, commands_topic: name, .. } = self;
        if next < beginning {
            return Err(format!(
                "{place}: its inbox is at offset {next} of {name}, which begins at {beginning}: commands were deleted \
                 before they had ended; restore {name} from its copy"
            ));
        }
        if next > end {
            return Err(format!(
                "{place}: its inbox is at offset {next} of {name}, which ends at {end}: it was truncated and commands \
                 were lost; restore {name} from its copy"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
