//! What a notification causes outside: each attempt that is due is made once. At least once, rather: an attempt that was
//! made and not recorded is made again, under the same Message-ID.
//!
//! Must hold: an attempt is not begun after its `send_by`; an unknown outcome yields no command, for then the
//! notification's own deadline begins the next attempt; no command carries anything personal.

mod courier;
mod texted;

pub use courier::{Courier, Ways};
pub use texted::Texted;

use crate::notification::{Notification, State};
use std::sync::Arc;
use tillroll_log::{Cause, EffectFuture, Effects, Key, Outgoing};
use tillroll_schemas::notification::{
    AttemptDue, Channel, Content, GaveUp, GiveUp, NotificationCommand, NotificationEvent, Queued, RecordFailed,
    RecordSent, Undeliverable,
};
use tillroll_schemas::preference::{PreferenceCommand, RecordUndeliverable};
use tillroll_schemas::{NotificationId, Timestamp, UserId, catalogue};

/// Attempts that are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Of which notification.
    pub notification: NotificationId,
    /// To whom.
    pub user_id: UserId,
    /// What is said.
    pub content: Content,
    /// Over which channels.
    pub channels: Vec<Channel>,
    /// The how manieth attempt.
    pub attempt: u32,
    /// When it is too late for it.
    pub send_by: Timestamp,
}

impl Errand {
    /// What has to be done because of this event; nothing because of most.
    pub fn of(key: &Key, event: &NotificationEvent) -> Option<Self> {
        // The ids of notifications are UUIDs by construction.
        let notification = key.parse().ok()?;
        match event.clone() {
            NotificationEvent::Queued(Queued { user_id, content, channels, send_by, .. }) => {
                Some(Self { notification, user_id, content, channels, attempt: 1, send_by })
            }
            NotificationEvent::AttemptDue(AttemptDue { user_id, content, channel, attempt, send_by, .. }) => {
                Some(Self { notification, user_id, content, channels: vec![channel], attempt, send_by })
            }
            NotificationEvent::AttemptFailed(_)
            | NotificationEvent::Sent(_)
            | NotificationEvent::GivenUp(_)
            | NotificationEvent::Bounced(_)
            | NotificationEvent::Read(_) => None,
        }
    }
}

/// Sends what is due, by this courier.
#[derive(Debug)]
pub struct Sending(pub Arc<Courier>);

impl Effects<Notification> for Sending {
    fn on_event(&self, cause: &Cause, event: &NotificationEvent) -> Option<EffectFuture> {
        let errand = Errand::of(&cause.key, event)?;
        let courier = self.0.clone();
        Some(Box::pin(async move { courier.run(&errand).await }))
    }

    /// As long as a channel of the errand still waits for this very attempt.
    fn wanted(&self, state: &State, event: &NotificationEvent) -> bool {
        let waits = |channel: Channel, attempt: u32| state.message().is_some_and(|it| it.waits_for(channel, attempt));
        match event {
            NotificationEvent::Queued(event) => event.channels.iter().any(|channel| waits(*channel, 1)),
            NotificationEvent::AttemptDue(event) => waits(event.channel, event.attempt),
            NotificationEvent::AttemptFailed(_)
            | NotificationEvent::Sent(_)
            | NotificationEvent::GivenUp(_)
            | NotificationEvent::Bounced(_)
            | NotificationEvent::Read(_) => false,
        }
    }
}

/// What is to be recorded of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Sent {
        address: Option<u32>,
    },
    Failed {
        code: String,
        permanent: bool,
    },
    /// It was refused because there is no such mailbox.
    NoMailbox {
        code: String,
        address: u32,
    },
    GaveUp(GaveUp),
}

/// The commands that record what became of an errand: one per channel, but one for all channels that are given up for
/// the same reason. Names of steps are for ever: the ids of commands are made of them.
fn commands(errand: &Errand, told: Vec<(Channel, Told)>) -> Result<Vec<Outgoing>, serde_json::Error> {
    let key = errand.notification.to_string();
    let attempt = errand.attempt;
    let mut given_up: Vec<GiveUp> = Vec::new();
    let mut outgoing = Vec::new();
    let to = |step: String, command: NotificationCommand| {
        Outgoing::new(catalogue::NOTIFICATION, key.as_str(), step, &command)
    };
    for (channel, told) in told {
        let name = channel.as_str();
        match told {
            Told::Sent { address } => {
                outgoing.push(to(format!("sent/{name}"), RecordSent { channel, attempt, address }.into())?);
            }
            Told::NoMailbox { code, address } => {
                let command = RecordFailed { channel, attempt, code, permanent: true };
                outgoing.push(to(format!("failed/{name}"), command.into())?);
                outgoing.push(undeliverable(Undeliverable { user_id: errand.user_id, address })?);
            }
            Told::Failed { code, permanent } => {
                let command = RecordFailed { channel, attempt, code, permanent };
                outgoing.push(to(format!("failed/{name}"), command.into())?);
            }
            Told::GaveUp(reason) => match given_up.iter_mut().find(|command| command.reason == reason) {
                Some(command) => command.channels.push(channel),
                None => given_up.push(GiveUp { channels: vec![channel], reason }),
            },
        }
    }
    for command in given_up {
        let names: Vec<_> = command.channels.iter().map(|channel| channel.as_str()).collect();
        outgoing.push(to(format!("given-up/{}", names.join("+")), command.into())?);
    }
    Ok(outgoing)
}

/// Further mails to the address are not tried.
pub(crate) fn undeliverable(Undeliverable { user_id, address }: Undeliverable) -> Result<Outgoing, serde_json::Error> {
    let command = PreferenceCommand::from(RecordUndeliverable { address });
    Outgoing::new(catalogue::PREFERENCE, user_id.to_string(), "undeliverable", &command)
}

#[cfg(test)]
mod tests;
