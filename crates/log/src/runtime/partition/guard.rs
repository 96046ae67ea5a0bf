//! What has to hold before an owner may claim; what does not hold is named, with its mending. Whether it holds is
//! decided on values: `Guard` only fetches them.

use super::Partition;
use crate::record::Inbox;
use crate::{Aggregate, LogId, Offset, PartitionId, PositionMismatch, Reactions, Topic, TopicId};
use std::path::PathBuf;
use tillroll_kafka::{Admin, KafkaError, Record};
use uuid::Uuid;

/// What the partition's log says, and what is set up.
#[derive(Clone)]
pub(in crate::runtime) struct Guard {
    /// The events topic and partition, for the messages.
    pub(in crate::runtime) place: String,
    pub(in crate::runtime) commands_topic: Topic,
    /// Before this offset the reactor is done with everything.
    pub(in crate::runtime) reacted: Offset,
    /// The events partition was read up to here, its end.
    pub(in crate::runtime) read: Offset,
    /// The partitions that the last claim counts.
    pub(in crate::runtime) claimed: Option<i32>,
    /// The partitions that are configured.
    pub(in crate::runtime) configured: i32,
    /// How far the commands have ended.
    pub(in crate::runtime) inbox: Option<Inbox>,
    /// The log that was read; none before its first claim.
    pub(in crate::runtime) log: Option<LogId>,
    /// The log that was served here before, and where that is remembered.
    pub(in crate::runtime) served: Option<(LogId, PathBuf)>,
}

/// Why the owner may not claim.
pub(in crate::runtime) enum Unmet {
    /// Something is not as it must be: it stays so until a person mends it.
    Guard(GuardUnmet),
    /// Kafka could not say; it may soon.
    Unknown(KafkaError),
}

/// What is not as it must be, and how to mend it. `place` is the events topic and partition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::runtime) enum GuardUnmet {
    /// The reactor's stored position is of another log.
    #[error("{place}: {source}; restore it from its copy")]
    Reactor {
        place: String,
        #[source]
        source: PositionMismatch,
    },
    /// What the reactor has read is not there any more.
    #[error(
        "{place}: the reactor had read to offset {reacted}, the topic ends at {read}: it was truncated or made again; \
         restore it from its copy"
    )]
    ReactorBeyondEnd { place: String, reacted: Offset, read: Offset },
    /// The events are those of another history.
    #[error(
        "{place}: log {} was served here, and the topic holds {found}: it was restored or made again; restore it from \
         its copy, or, if what it held may be forgotten, delete {} and start again with --rebuild",
        .served.0, .remembered.display()
    )]
    OtherLog { place: String, served: LogId, found: String, remembered: PathBuf },
    /// Keys would not lie where they always did.
    #[error(
        "{place}: the last claim counts {claimed} partitions, {configured} are configured: keys would move; set \
         TILLROLL_PARTITIONS={claimed}"
    )]
    Partitions { place: String, claimed: i32, configured: i32 },
    /// The commands topic is another one.
    #[error(
        "{place}: its inbox is of topic {name} {topic}, but that topic has id {found}: it was made again and commands \
         may be lost; restore it from its copy"
    )]
    OtherTopic { place: String, name: Topic, topic: TopicId, found: Uuid },
    /// The commands topic is missing.
    #[error(
        "{place}: its inbox is of topic {name} {topic}, which is not there: commands may be lost; restore it from its \
         copy"
    )]
    NoTopic { place: String, name: Topic, topic: TopicId },
    /// The next command is not there any more.
    #[error(
        "{place}: its inbox is at offset {next} of {name}, which begins at {beginning}: commands were deleted before \
         they had ended; restore {name} from its copy"
    )]
    InboxBelowBeginning { place: String, name: Topic, next: Offset, beginning: Offset },
    /// The commands before the next one are not there any more.
    #[error(
        "{place}: its inbox is at offset {next} of {name}, which ends at {end}: it was truncated and commands were \
         lost; restore {name} from its copy"
    )]
    InboxBeyondEnd { place: String, name: Topic, next: Offset, end: Offset },
}

impl<A: Aggregate, R: Reactions<A>> Partition<A, R> {
    /// The reactor's stored position must meet its record in this log.
    pub(super) fn check_reactor_meets(&mut self, record: &Record) {
        let start = self.outbox.start();
        if start.last.is_some_and(|last| last.offset == record.offset)
            && let Err(source) = start.meet(record)
        {
            let unmet = GuardUnmet::Reactor { place: format!("{}/{}", self.topic, self.partition), source };
            self.owner.fault(crate::owner::Alarm::Guard(unmet.to_string()));
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
            log: fold.position.log,
            served: self.keeping.served().zip(self.node.store().map(|store| store.directory().to_owned())),
        }
    }
}

impl Guard {
    pub(in crate::runtime) async fn check(self, admin: Admin, partition: PartitionId) -> Result<(), Unmet> {
        self.check_log().map_err(Unmet::Guard)?;
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

    /// What was served here must be what is served now.
    fn check_log(&self) -> Result<(), GuardUnmet> {
        match &self.served {
            Some((served, remembered)) if self.log != Some(*served) => Err(GuardUnmet::OtherLog {
                place: self.place.clone(),
                served: *served,
                found: self.log.map_or_else(|| "nothing".to_owned(), |log| format!("log {}", log.0)),
                remembered: remembered.clone(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// What the reactor has read must still be there.
    pub(in crate::runtime) fn check_position(&self) -> Result<(), GuardUnmet> {
        let Self { reacted, read, .. } = *self;
        if reacted > read {
            return Err(GuardUnmet::ReactorBeyondEnd { place: self.place.clone(), reacted, read });
        }
        Ok(())
    }

    /// Keys must lie where they always did.
    fn check_partitions(&self) -> Result<(), GuardUnmet> {
        let configured = self.configured;
        match self.claimed {
            Some(claimed) if claimed != configured => {
                Err(GuardUnmet::Partitions { place: self.place.clone(), claimed, configured })
            }
            _ => Ok(()),
        }
    }

    /// The inbox must be of the commands topic that is there.
    fn check_topic(&self, Inbox { topic, .. }: Inbox, found: Option<Uuid>) -> Result<(), GuardUnmet> {
        let (place, name) = (self.place.clone(), self.commands_topic.clone());
        match found {
            Some(id) if id == topic.0 => Ok(()),
            Some(found) => Err(GuardUnmet::OtherTopic { place, name, topic, found }),
            None => Err(GuardUnmet::NoTopic { place, name, topic }),
        }
    }

    /// The next command must be there, or be the next that comes.
    fn check_inbox(&self, Inbox { next, .. }: Inbox, beginning: Offset, end: Offset) -> Result<(), GuardUnmet> {
        let (place, name) = (self.place.clone(), self.commands_topic.clone());
        if next < beginning {
            return Err(GuardUnmet::InboxBelowBeginning { place, name, next, beginning });
        }
        if next > end {
            return Err(GuardUnmet::InboxBeyondEnd { place, name, next, end });
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
