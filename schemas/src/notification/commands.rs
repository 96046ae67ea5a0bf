//! What can be asked of a notification.

use super::{Channel, Content, GaveUp};
use crate::{NotificationId, Timestamp, UserId, catalogue};
use serde::{Deserialize, Serialize};
use tillroll_log::{Cause, CommandId, Outgoing};

/// Has a message sent. The notification's id is made of the causing record and the step, by whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueNotification {
    /// To whom.
    pub user_id: UserId,
    /// What it says.
    #[serde(flatten)]
    pub content: Content,
    /// Over which channels at most; over all that there is a text for, if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
}

impl QueueNotification {
    /// The command by which a reaction has a message sent, over all channels that there is a text for: one notification
    /// per causing record and step, however often the record is reacted to.
    ///
    /// # Errors
    /// As [`Outgoing::new`].
    pub fn because_of(
        cause: &Cause,
        step: &'static str,
        user_id: UserId,
        content: Content,
    ) -> Result<Outgoing, serde_json::Error> {
        let id = NotificationId(CommandId::caused_by(cause.id, step).0);
        let command: NotificationCommand = Self { user_id, content, channels: Vec::new() }.into();
        Outgoing::new(catalogue::NOTIFICATION, id.to_string(), step, &command)
    }
}

/// The other side took the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSent {
    /// Over which channel.
    pub channel: Channel,
    /// At which attempt.
    pub attempt: u32,
    /// To the how manieth of the person's e-mail addresses, if to the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<u32>,
}

/// The attempt reached nobody. (What is not known is not told: the notification tries again by itself.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordFailed {
    /// Over which channel.
    pub channel: Channel,
    /// Which attempt.
    pub attempt: u32,
    /// The other side's code, or what was the matter; no personal data.
    pub code: String,
    /// Whether another attempt would fail as well.
    pub permanent: bool,
}

/// The channels cannot or must not be used for this message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveUp {
    /// Which channels.
    pub channels: Vec<Channel>,
    /// Why.
    pub reason: GaveUp,
}

/// The message came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordBounce {
    /// Over which channel.
    pub channel: Channel,
    /// The status of RFC 3463: `5.1.1`.
    pub status: String,
}

/// Its user has read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    /// Who has; refused if the notification is not his.
    pub user_id: UserId,
}

/// A deadline of the notification has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlinePassed {
    /// Which.
    pub deadline: Timestamp,
}

tillroll_log::bodies! {
    /// What can be asked of a notification.
    pub enum NotificationCommand {
        Queue(QueueNotification) = "notification.queue",
        RecordSent(RecordSent) = "notification.record-sent",
        RecordFailed(RecordFailed) = "notification.record-failed",
        GiveUp(GiveUp) = "notification.give-up",
        RecordBounce(RecordBounce) = "notification.record-bounce",
        MarkRead(MarkRead) = "notification.mark-read",
        DeadlinePassed(DeadlinePassed) = "notification.deadline-passed",
    }
}
