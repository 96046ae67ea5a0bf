//! What a notification causes outside: each attempt that is due is made once. At least once, rather: an attempt that was
//! made and not recorded is made again, under the same Message-ID.
//!
//! Must hold: an attempt is not begun after its `send_by`; an unknown outcome yields no command, for then the
//! notification's own deadline begins the next attempt; no command carries anything personal.

mod courier;

pub use courier::{Courier, Ways};

use tillroll_log::{Key, Outgoing};
use tillroll_schemas::notification::{
    AttemptDue, Channel, Content, GaveUp, GiveUp, NotificationCommand, NotificationEvent, Queued, RecordFailed,
    RecordSent,
};
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

/// What is to be recorded of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Sent,
    Failed { code: String, permanent: bool },
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
            Told::Sent => outgoing.push(to(format!("sent/{name}"), RecordSent { channel, attempt }.into())?),
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

#[cfg(test)]
mod tests;
