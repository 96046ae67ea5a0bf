//! Carrying out what the owner says, and sending what its reactor causes.

use super::super::commands::AckClock;
use super::letter::letter;
use super::{Control, Doing, Done, Partition};
use crate::caught::caught;
use crate::owner::{Alarm, Caused, Effect, Owner, Phase};
use crate::record::header;
use crate::{
    Aggregate, Cause, CommandId, Key, LogId, Offset, Outgoing, Panicked, Reactions, Source, SourcePartition,
    StoredPosition,
};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tillroll_kafka::{DeliveryError, NewRecord, Record, SendError, partition_for};
use tillroll_telemetry::{CrashPoint, crash_point};

/// A reactor's command that could not be sent yet, and the record that caused it.
pub(in crate::runtime) struct Sent {
    cause: Offset,
    record: NewRecord,
}

const LONGEST_DELAY: Duration = Duration::from_secs(5);

impl<A: Aggregate, R: Reactions<A>> Partition<A, R> {
    /// Carries out what the owner says now.
    pub(super) fn perform(&mut self) {
        for effect in self.owner.take_effects() {
            match effect {
                Effect::Append { record, appended, ack } => {
                    let control = self.to_control.clone();
                    let delivered = Box::new(move |delivered: Result<_, _>| match (delivered, ack) {
                        (Ok(_), ack) => {
                            crash_point(CrashPoint::AfterAcknowledgement);
                            ack.into_iter().for_each(AckClock::stop);
                        }
                        (Err(error), _) => {
                            tracing::warn!(%error, "append failed");
                            let _ = control.send(Control::AppendFailed(appended));
                        }
                    });
                    crash_point(CrashPoint::BeforeProduce);
                    let sent = self.node.producer().send(record, delivered);
                    crash_point(CrashPoint::AfterProduce);
                    if let Err(refused) = sent {
                        tracing::warn!(error = %refused.error, "append refused");
                        (refused.on_delivery)(Err(DeliveryError::TimedOut));
                    }
                }
                Effect::Answer { ticket, reply } => {
                    crash_point(CrashPoint::BeforeAnswer);
                    ticket.answer(reply);
                }
                Effect::WantClaim { attempt } => self.want_claim(attempt),
                Effect::Serving { read_commands_from } => self.serve(read_commands_from),
                Effect::Admitted { cause, caused, position } => self.react(&cause, &caused, position),
                Effect::Passed { offset, position } => self.pass(offset, position),
                Effect::ProbeCommandsEnd => self.probe(),
                Effect::DeadLetter { command, reason } => self.dead_letter(&command, &reason),
                Effect::FoldAnew { why } => self.fold_anew(&why),
                Effect::Alarm(alarm) => {
                    tracing::error!(kafka.topic = %self.topic, kafka.partition = self.partition.0, %alarm, "alarm");
                    if self.owner.phase() == Phase::Faulted {
                        self.serving.raise(alarm.to_string());
                    }
                }
            }
        }
        let serving = matches!(self.owner.phase(), Phase::Serving { .. });
        self.serving.set(serving);
    }

    fn want_claim(&mut self, attempt: u32) {
        self.claims += 1;
        let (this, control, group) = (self.claims, self.to_control.clone(), self.group.clone());
        let (topic, partition) = (self.commands_topic.clone(), self.partition);
        let suspicious = self.owner.is_suspicious();
        tillroll_telemetry::spawn("claim", async move {
            tokio::time::sleep(delay(attempt, super::fresh().as_u128())).await;
            // Not assigned any more: the revocation is on its way, and the claim is not ours to make.
            if suspicious || group.confirm_assignment(topic, partition).await {
                let _ = control.send(Control::Claim(this));
            }
        });
    }

    fn serve(&mut self, read_commands_from: Option<Offset>) {
        tracing::debug!(
            kafka.topic = %self.topic, kafka.partition = self.partition.0,
            kafka.offset = self.owner.fold().position.next.0, aggregates = self.owner.fold().len(), "owner serves"
        );
        self.keeping.serves(self.owner.fold().position.log);
        if let Some(doing) = &mut self.doing {
            doing.rest();
        }
        // It has just been read back.
        self.serving.serves_under(Offset(self.owner.fold().position.next.0 - 1));
        if self.next_command.is_none() {
            let from = read_commands_from.unwrap_or_default();
            self.next_command = Some(from);
            self.group.read_from(self.commands_topic.clone(), self.partition, from);
        }
    }

    /// The record causes nothing; `position` is the one after it. Once at fault, the reactor stays where it is.
    pub(super) fn pass(&mut self, offset: Offset, position: StoredPosition) {
        if self.owner.phase() != Phase::Faulted {
            self.outbox.read(offset, 0, position);
        }
    }

    /// Sends what the record causes; `position` is the one after it. Once at fault, the reactor stays where it is.
    pub(super) fn react(&mut self, cause: &Cause, caused: &Caused<A>, position: StoredPosition) {
        if self.owner.phase() == Phase::Faulted || !self.outbox.is_new(cause.at.offset) {
            return;
        }
        let Some(log) = position.log else {
            self.owner.fault(Alarm::Reaction(format!("{}: before the first claim", cause.at)));
            return;
        };
        let outgoing = match reactions::<A, R>(cause, caused) {
            Ok(outgoing) => outgoing,
            Err(why) => {
                // Left out, its commands would be lost for ever: the position stays in front of the record.
                self.owner.fault(Alarm::Reaction(format!("{}: {why}", cause.at)));
                return;
            }
        };
        let has_effect = match (&mut self.doing, caused) {
            (Some(doing), Caused::Event { event }) => doing.add(cause, log, event),
            (Some(_), Caused::Settled { .. }) | (None, _) => Ok(false),
        };
        let has_effect = match has_effect {
            Ok(has_effect) => has_effect,
            Err(why) => {
                self.owner.fault(Alarm::Reaction(format!("{}: {why}", cause.at)));
                return;
            }
        };
        self.outbox.read(cause.at.offset, outgoing.len() + usize::from(has_effect), position);
        self.send_all(log, cause, outgoing);
        self.drop_unwanted(&cause.key);
    }

    /// What an aggregate does not wait for any more is done with. Asked at each of its events: so no more waits than
    /// is wanted, however long the log was that was read.
    fn drop_unwanted(&mut self, key: &Key) {
        let Some(doing) = self.doing.as_mut().filter(|doing| doing.waits(key)) else { return };
        match self.owner.look(key, |state| doing.drop_unwanted(key, state)) {
            Some(Ok(dropped)) => dropped.into_iter().for_each(|offset| self.outbox.acknowledged(offset)),
            Some(Err(why)) => self.owner.fault(Alarm::Reaction(format!("{key}: {why}"))),
            // The owner has begun anew.
            None => {}
        }
    }

    /// Begins the effects that wait, if they are this owner's to begin: whoever merely reads asks nobody anything.
    pub(super) fn begin_effects(&mut self) {
        let serves = |owner: &Owner<A, _>| matches!(owner.phase(), Phase::Serving { .. });
        if let Some(doing) = &mut self.doing {
            doing.look_at_recording(|source, id| self.owner.fold().has_ended(source, id));
        }
        while serves(&self.owner) {
            let Some(key) = self.doing.as_mut().and_then(Doing::next) else { return };
            self.drop_unwanted(&key);
            match &mut self.doing {
                Some(doing) if serves(&self.owner) => doing.begin(&key),
                Some(_) | None => return,
            }
        }
    }

    /// What has not begun is the next owner's.
    pub(super) fn end_effects(&mut self) {
        if let Some(doing) = &mut self.doing {
            doing.end();
        }
    }

    /// What came of the effects under way is recorded: nobody else knows it.
    pub(super) async fn finish_effects(&mut self) {
        while self.doing.as_ref().is_some_and(Doing::is_busy) {
            match self.control.recv().await {
                Some(control) => self.control(control),
                None => return,
            }
        }
    }

    /// An effect has ended. The record that it was of is done with when what records it is acknowledged.
    pub(super) fn done(&mut self, Done { cause, log, outgoing }: Done) {
        crash_point(CrashPoint::AfterEffect);
        let mut recorded_by = Vec::new();
        match outgoing {
            Ok(outgoing) => {
                let to_itself = outgoing.iter().filter(|command| command.to == A::TOPICS && command.key == cause.key);
                recorded_by.extend(to_itself.map(|command| source(R::NAME, log, &cause, command)));
                self.outbox.causes(cause.at.offset, outgoing.len());
                self.send_all(log, &cause, outgoing);
                self.outbox.acknowledged(cause.at.offset);
            }
            Err(why) => self.owner.fault(Alarm::Reaction(format!("{}: {why}", cause.at))),
        }
        if let Some(doing) = &mut self.doing {
            doing.ended(cause.key, recorded_by);
        }
    }

    fn send_all(&mut self, log: LogId, cause: &Cause, outgoing: Vec<Outgoing>) {
        for command in outgoing {
            let record = self.command_record(log, cause, command);
            self.send(Sent { cause: cause.at.offset, record });
        }
    }

    fn command_record(&self, log: LogId, cause: &Cause, command: Outgoing) -> NewRecord {
        let (source, id) = source(R::NAME, log, cause, &command);
        let key = Bytes::copy_from_slice(command.key.as_bytes());
        let mut headers = vec![
            (header::SPEC_VERSION, Bytes::from_static(b"1.0")),
            (header::ID, Bytes::from(id.to_string())),
            (header::CE_SOURCE, Bytes::from_static(R::NAME.as_bytes())),
            (header::TYPE, Bytes::from_static(command.type_name.as_bytes())),
            (header::SUBJECT, key.clone()),
            (header::CAUSATION, Bytes::from(cause.id.to_string())),
            (header::ACTOR, Bytes::from_static(R::NAME.as_bytes())),
            (header::CONTENT_TYPE, Bytes::from_static(b"application/json")),
            (header::SOURCE, Bytes::from(source.to_string())),
            (header::FLOOR, Bytes::from(self.outbox.floor().to_string())),
        ];
        headers.extend(cause.correlation.map(|id| (header::CORRELATION, Bytes::from(id.to_string()))));
        NewRecord {
            topic: command.to.commands.into(),
            partition: partition_for(&key, self.node.config().partitions),
            key: Some(key),
            headers,
            value: Some(Bytes::from(command.value)),
        }
    }

    /// Sends a command, or puts it behind those that wait: a later one does not overtake.
    fn send(&mut self, sent: Sent) {
        match self.unsent.is_empty() {
            true => _ = self.try_send(sent),
            false => self.unsent.push_back(sent),
        }
    }

    /// Whether the producer took it; what it did not take comes first again.
    fn try_send(&mut self, sent: Sent) -> bool {
        let Sent { cause, record } = sent;
        let (control, again) = (self.to_control.clone(), record.clone());
        let delivered = Box::new(move |delivered: Result<Offset, DeliveryError>| {
            // A command that may or may not be there is sent again: it is the same command, and ends once.
            let said = match delivered {
                Ok(_) => Control::Acknowledged(cause),
                Err(DeliveryError::TooLarge) => Control::Unsendable("a reactor's command is too large".into()),
                Err(_) => Control::SendAgain(Sent { cause, record: again }),
            };
            let _ = control.send(said);
        });
        let sent = self.node.producer().send(record, delivered);
        crash_point(CrashPoint::AfterCommandProduce);
        let Err(refused) = sent else { return true };
        if let SendError::TooLarge { .. } = refused.error {
            self.owner.fault(Alarm::Encoding(refused.error.to_string()));
        }
        if self.unsent.is_empty() {
            tracing::warn!(kafka.topic = %self.topic, kafka.partition = self.partition.0, error = %refused.error,
                "reactor's commands wait");
        }
        self.unsent.push_front(Sent { cause, record: refused.record });
        false
    }

    pub(super) fn send_unsent(&mut self) {
        while let Some(sent) = self.unsent.pop_front() {
            if !self.try_send(sent) {
                return;
            }
        }
    }

    fn probe(&self) {
        let (node, control) = (self.node.clone(), self.to_control.clone());
        let (topic, partition) = (self.commands_topic.clone(), self.partition);
        tillroll_telemetry::spawn("probe", async move {
            let ends = node.admin().end_offsets(&topic, &[partition]).await.ok();
            let end = ends.and_then(|ends| ends.first().map(|(_, _, end)| *end));
            let _ = control.send(Control::CommandsEnd(end));
        });
    }

    fn dead_letter(&self, command: &Record, reason: &str) {
        tracing::warn!(kafka.topic = %command.topic, kafka.partition = command.partition.0,
            kafka.offset = command.offset.0, reason, "dead letter");
        let record = letter(A::TOPICS.dead_letters().into(), command, reason);
        let (control, offset) = (self.to_control.clone(), command.offset);
        let delivered = Box::new(move |delivered: Result<_, _>| {
            let _ = control.send(Control::DeadLettered(offset, delivered.is_ok()));
        });
        if let Err(refused) = self.node.producer().send(record, delivered) {
            (refused.on_delivery)(Err(DeliveryError::TimedOut));
        }
    }

    /// Commits the reactor's position, with all that a reader needs to begin there.
    pub(super) fn commit(&self, position: StoredPosition) -> impl Future<Output = bool> + Send + 'static {
        let (group, topic, partition) = (self.group.clone(), self.topic.clone(), self.partition);
        async move {
            let Ok(metadata) = serde_json::to_string(&position) else { return false };
            crash_point(CrashPoint::BeforePositionCommit);
            let committed = group.commit(vec![(topic, partition, position.next, metadata)]).await.is_ok();
            crash_point(CrashPoint::AfterPositionCommit);
            committed
        }
    }
}

/// What a command of the reactor `R` comes from, and its id.
fn source(reactor: &str, log: LogId, cause: &Cause, command: &Outgoing) -> (Source, CommandId) {
    let (topic, partition) = (cause.at.topic.clone(), cause.at.partition);
    let partition = SourcePartition { reactor: Arc::from(reactor), log, topic, partition };
    let source = Source { partition, offset: cause.at.offset, step: (*command.step).into() };
    (source, CommandId::caused_by(cause.id, &command.step))
}

/// Why it cannot be said what a record causes.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReactionFault {
    /// The reaction panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// A command that it causes cannot be encoded.
    #[error(transparent)]
    Encoding(#[from] serde_json::Error),
}

/// The commands that a record causes, or why they cannot be said.
pub(super) fn reactions<A: Aggregate, R: Reactions<A>>(
    cause: &Cause,
    caused: &Caused<A>,
) -> Result<Vec<Outgoing>, ReactionFault> {
    Ok(caught("the reaction", || caused.outgoing::<R>(cause))??)
}

/// None at first, then random and growing: owners that lost to each other must not meet again at the same moment.
pub(super) fn delay(attempt: u32, random: u128) -> Duration {
    if attempt == 0 {
        return Duration::ZERO;
    }
    let most = Duration::from_millis(50).saturating_mul(1 << attempt.min(7)).min(LONGEST_DELAY);
    let thousandths = u32::try_from(random % 1_000).unwrap_or_default() + 1;
    most * thousandths / 1_000
}
