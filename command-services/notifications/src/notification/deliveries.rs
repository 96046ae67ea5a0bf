//! One channel of a notification, from its first attempt to its end. What is heard late, twice or of another attempt
//! changes nothing, but for one thing: what was sent was sent, however late one hears of it.

use super::attempts::{ATTEMPTS, after_rest, window};
use super::{Message, State};
use serde::{Deserialize, Serialize};
use tillroll_schemas::Timestamp;
use tillroll_schemas::notification::{
    AttemptDue, AttemptFailed, Bounced, Channel, GaveUp, GiveUp, GivenUp, NotificationEvent, RecordBounce,
    RecordFailed, RecordSent, Sent, Undeliverable,
};

/// How far a channel is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// An attempt is under way.
    Due {
        /// Which, from 1.
        attempt: u32,
        /// When it counts as failed without an answer.
        answer_by: Timestamp,
    },
    /// An attempt failed.
    Resting {
        /// Which.
        attempt: u32,
        /// When the next is due.
        next_at: Timestamp,
    },
    /// The other side took the message.
    Sent {
        /// At which attempt.
        attempt: u32,
        /// To the how manieth of the person's e-mail addresses.
        address: Option<u32>,
    },
    /// It is not tried any more.
    GivenUp {
        /// After which attempt.
        attempt: u32,
        /// Why.
        reason: GaveUp,
    },
    /// It came back.
    Bounced,
}

impl Delivery {
    /// Whether it is tried (again).
    pub fn is_open(&self) -> bool {
        self.deadline().is_some()
    }

    /// Whether the message came back.
    pub fn is_bounced(&self) -> bool {
        matches!(self, Self::Bounced)
    }

    /// When something is to happen to it, if nothing does before.
    pub fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Due { answer_by, .. } => Some(*answer_by),
            Self::Resting { next_at, .. } => Some(*next_at),
            Self::Sent { .. } | Self::GivenUp { .. } | Self::Bounced => None,
        }
    }

    /// How many attempts were begun; 0 if that is not remembered.
    pub(super) fn attempts(&self) -> u32 {
        match self {
            Self::Due { attempt, .. }
            | Self::Resting { attempt, .. }
            | Self::Sent { attempt, .. }
            | Self::GivenUp { attempt, .. } => *attempt,
            Self::Bounced => 0,
        }
    }
}

fn delivery(state: &State, channel: Channel) -> Option<&Delivery> {
    state.message()?.deliveries.get(&channel)
}

/// Taken: also by an attempt that nobody had waited for any more.
pub(super) fn sent(state: &State, command: &RecordSent) -> Option<NotificationEvent> {
    let RecordSent { channel, attempt, address } = *command;
    match delivery(state, channel)? {
        Delivery::Due { attempt: begun, .. }
        | Delivery::Resting { attempt: begun, .. }
        | Delivery::GivenUp { attempt: begun, .. } => {
            (1..=*begun).contains(&attempt).then(|| Sent { channel, attempt, address }.into())
        }
        Delivery::Sent { .. } | Delivery::Bounced => None,
    }
}

/// Not taken: counts for the attempt under way only.
pub(super) fn failed(state: &State, command: &RecordFailed, at: Timestamp) -> Option<NotificationEvent> {
    let RecordFailed { channel, attempt, ref code, permanent } = *command;
    match delivery(state, channel)? {
        Delivery::Due { attempt: begun, .. } if *begun == attempt => {}
        Delivery::Due { .. }
        | Delivery::Resting { .. }
        | Delivery::Sent { .. }
        | Delivery::GivenUp { .. }
        | Delivery::Bounced => return None,
    }
    let code = code.clone();
    if permanent {
        return Some(GivenUp { channels: vec![channel], reason: GaveUp::Rejected, code: Some(code) }.into());
    }
    if attempt >= ATTEMPTS {
        return Some(GivenUp { channels: vec![channel], reason: GaveUp::AttemptsExhausted, code: Some(code) }.into());
    }
    Some(AttemptFailed { channel, attempt, code, next_at: after_rest(attempt, at) }.into())
}

/// Those of the channels that are open are given up.
pub(super) fn give_up(state: &State, command: &GiveUp) -> Option<NotificationEvent> {
    let open = |channel: &Channel| delivery(state, *channel).is_some_and(Delivery::is_open);
    let mut channels: Vec<Channel> = command.channels.iter().copied().filter(open).collect();
    channels.sort_unstable();
    channels.dedup();
    (!channels.is_empty()).then(|| GivenUp { channels, reason: command.reason, code: None }.into())
}

/// Back: it must have been taken, also if nobody said so. A channel that was given up for good reasons stays so.
pub(super) fn bounced(state: &State, command: &RecordBounce) -> Option<NotificationEvent> {
    let RecordBounce { channel, status } = command.clone();
    let address = match delivery(state, channel)? {
        Delivery::Sent { address, .. } => *address,
        // It was taken after all, and nobody was told.
        Delivery::Due { .. }
        | Delivery::Resting { .. }
        | Delivery::GivenUp { reason: GaveUp::AttemptsExhausted, .. } => None,
        Delivery::GivenUp { .. } | Delivery::Bounced => return None,
    };
    let user_id = state.message()?.user_id;
    let undeliverable = address.filter(|_| names_no_mailbox(&status)).map(|address| Undeliverable { user_id, address });
    Some(Bounced { channel, status, undeliverable }.into())
}

/// Whether a status (RFC 3463) says that there is no such mailbox. One that is full or disabled for now, or a refusal of
/// the mail, passes.
pub(crate) fn names_no_mailbox(status: &str) -> bool {
    ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"].contains(&status)
}

/// When something is to happen to each open channel. Each has milliseconds of its own, so that no two ever share a
/// deadline: an event that follows from one has to move it.
pub(super) fn deadlines(message: &Message) -> impl Iterator<Item = (Channel, Timestamp)> {
    let of_its_own = |(channel, delivery): (&Channel, &Delivery)| {
        let milliseconds = delivery.deadline()?.timestamp_millis();
        let turn = match channel {
            Channel::Email => 0,
            Channel::Sms => 1,
            Channel::Push => 2,
        };
        let next = milliseconds.checked_add((-milliseconds).rem_euclid(4))?.checked_add(turn)?;
        Some((*channel, Timestamp::from_timestamp_millis(next)?))
    };
    message.deliveries.iter().filter_map(of_its_own)
}

/// The channel whose deadline this is makes its next attempt, or is given up.
pub(super) fn overdue(state: &State, deadline: Timestamp, at: Timestamp) -> Option<NotificationEvent> {
    let message = state.message()?;
    let (channel, _) = deadlines(message).find(|(_, of_channel)| *of_channel == deadline)?;
    let delivery = message.deliveries.get(&channel)?;
    let given_up = |reason| GivenUp { channels: vec![channel], reason, code: None }.into();
    if message.content.expires_at().is_some_and(|expires_at| expires_at <= deadline) {
        return Some(given_up(GaveUp::Expired));
    }
    match delivery.attempts() {
        begun if begun >= ATTEMPTS => Some(given_up(GaveUp::AttemptsExhausted)),
        begun => Some(attempt_due(message, channel, begun + 1, at)),
    }
}

fn attempt_due(message: &Message, channel: Channel, attempt: u32, at: Timestamp) -> NotificationEvent {
    let (send_by, answer_by) = window(attempt, at);
    let Message { user_id, content, .. } = message;
    AttemptDue { user_id: *user_id, content: content.as_ref().clone(), channel, attempt, send_by, answer_by }.into()
}
