//! `notification`, key: notification id. It is queued once and then delivers itself over each of its channels, attempt by
//! attempt, until every channel took it or was given up; a message that was taken may still come back.
//!
//! Must hold: a channel has one attempt at a time and at most [`ATTEMPTS`]; every open channel has a deadline; one that is
//! given up or bounced is never tried again; what was sent is never un-sent but by a bounce; only its user reads it.

mod attempts;
mod body;
mod deliveries;

pub use attempts::ATTEMPTS;
pub use body::NotificationBody;
pub use deliveries::Delivery;
pub(crate) use deliveries::names_no_mailbox;

use crate::templates::Template;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tillroll_log::{Aggregate, AggregateTopics, Key};
use tillroll_schemas::notification::{
    Channel, Content, DeadlinePassed, MarkRead, NotificationCommand, NotificationEvent, QueueNotification, Queued,
    Read, Sent,
};
use tillroll_schemas::{Timestamp, UserId, catalogue};

/// The aggregate.
#[derive(Debug)]
pub struct Notification;

/// Where a notification is in its life.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// Nobody has queued it.
    #[default]
    Unknown,
    /// At least one channel is open.
    Delivering(Message),
    /// No channel is open.
    Settled(Message),
}

/// What is known of a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// To whom.
    pub user_id: UserId,
    /// What it says.
    pub content: Arc<Content>,
    /// How far each channel is.
    pub deliveries: BTreeMap<Channel, Delivery>,
    /// When its user read it.
    pub read_at: Option<Timestamp>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such notification, or it is somebody else's.
    NotFound,
    /// The id names another message already.
    AlreadyQueued,
    /// There is no text of this message for any of the channels that were asked for.
    NoChannel,
}

impl tillroll_log::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::AlreadyQueued => "already_queued",
            Self::NoChannel => "no_channel",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotFound => "there is no such notification",
            Self::AlreadyQueued => "the id names another message already",
            Self::NoChannel => "the message has no text for any of these channels",
        }
        .to_owned()
    }
}

impl State {
    fn of(message: Message) -> Self {
        match message.deliveries.values().any(Delivery::is_open) {
            true => Self::Delivering(message),
            false => Self::Settled(message),
        }
    }

    /// What is known; nothing if nobody queued it.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Unknown => None,
            Self::Delivering(message) | Self::Settled(message) => Some(message),
        }
    }

    /// The state with one thing in the message changed. Nothing happens to a notification that was never queued: such
    /// an event was never written.
    fn with(self, change: impl FnOnce(&mut Message)) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::Delivering(mut message) | Self::Settled(mut message) => {
                change(&mut message);
                Self::of(message)
            }
        }
    }
}

impl Aggregate for Notification {
    const TOPICS: AggregateTopics = catalogue::NOTIFICATION;
    const STATE_SCHEMA: u32 = 2;
    type State = State;
    type Command = NotificationCommand;
    type Event = NotificationEvent;
    type Rejection = Rejection;
    type Answer = Option<Message>;

    fn decide(
        state: &State,
        command: &NotificationCommand,
        at: Timestamp,
    ) -> Result<Option<NotificationEvent>, Rejection> {
        match command {
            NotificationCommand::Queue(command) => queue(state, command, at),
            NotificationCommand::RecordSent(command) => Ok(deliveries::sent(state, command)),
            NotificationCommand::RecordFailed(command) => Ok(deliveries::failed(state, command, at)),
            NotificationCommand::GiveUp(command) => Ok(deliveries::give_up(state, command)),
            NotificationCommand::RecordBounce(command) => Ok(deliveries::bounced(state, command)),
            NotificationCommand::MarkRead(command) => mark_read(state, command, at),
            NotificationCommand::DeadlinePassed(DeadlinePassed { deadline }) => {
                Ok(deliveries::overdue(state, *deadline, at))
            }
        }
    }

    fn evolve(state: State, event: &NotificationEvent) -> State {
        match event {
            NotificationEvent::Queued(event) => queued(event),
            NotificationEvent::AttemptDue(event) => {
                let due = Delivery::Due { attempt: event.attempt, answer_by: event.answer_by };
                state.with(|message| message.put(event.channel, due))
            }
            NotificationEvent::AttemptFailed(event) => {
                let resting = Delivery::Resting { attempt: event.attempt, next_at: event.next_at };
                state.with(|message| message.put(event.channel, resting))
            }
            NotificationEvent::Sent(event) => {
                let Sent { channel, attempt, address } = *event;
                state.with(|message| message.put(channel, Delivery::Sent { attempt, address }))
            }
            NotificationEvent::GivenUp(event) => state.with(|message| {
                for channel in &event.channels {
                    let attempt = message.deliveries.get(channel).map_or(0, Delivery::attempts);
                    message.put(*channel, Delivery::GivenUp { attempt, reason: event.reason });
                }
            }),
            NotificationEvent::Bounced(event) => state.with(|message| message.put(event.channel, Delivery::Bounced)),
            NotificationEvent::Read(Read { read_at }) => state.with(|message| message.read_at = Some(*read_at)),
        }
    }

    fn answer(_key: &Key, _event: Option<&NotificationEvent>, state: &State) -> Option<Message> {
        state.message().cloned()
    }

    fn deadline(state: &State) -> Option<Timestamp> {
        deliveries::deadlines(state.message()?).map(|(_, deadline)| deadline).min()
    }

    fn on_deadline(deadline: Timestamp) -> Option<NotificationCommand> {
        Some(DeadlinePassed { deadline }.into())
    }

    fn settled(state: &State) -> bool {
        match state {
            State::Unknown | State::Delivering(_) => false,
            State::Settled(_) => true,
        }
    }
}

impl Message {
    /// Whether that attempt over the channel is under way.
    pub fn waits_for(&self, channel: Channel, attempt: u32) -> bool {
        matches!(self.deliveries.get(&channel), Some(Delivery::Due { attempt: due, .. }) if *due == attempt)
    }

    fn put(&mut self, channel: Channel, delivery: Delivery) {
        self.deliveries.insert(channel, delivery);
    }
}

fn queue(state: &State, command: &QueueNotification, at: Timestamp) -> Result<Option<NotificationEvent>, Rejection> {
    if let Some(message) = state.message() {
        let same = message.user_id == command.user_id && *message.content == command.content;
        return if same { Ok(None) } else { Err(Rejection::AlreadyQueued) };
    }
    let offered = Template::of(&command.content).channels().iter().copied();
    let wanted = |channel: &Channel| command.channels.is_empty() || command.channels.contains(channel);
    let channels: Vec<Channel> = offered.filter(wanted).collect();
    if channels.is_empty() {
        return Err(Rejection::NoChannel);
    }
    let (send_by, answer_by) = attempts::window(1, at);
    let QueueNotification { user_id, content, .. } = command.clone();
    Ok(Some(Queued { user_id, content, channels, send_by, answer_by }.into()))
}

fn queued(event: &Queued) -> State {
    let due = Delivery::Due { attempt: 1, answer_by: event.answer_by };
    State::of(Message {
        user_id: event.user_id,
        content: Arc::new(event.content.clone()),
        deliveries: event.channels.iter().map(|channel| (*channel, due.clone())).collect(),
        read_at: None,
    })
}

fn mark_read(state: &State, command: &MarkRead, at: Timestamp) -> Result<Option<NotificationEvent>, Rejection> {
    match state.message() {
        Some(message) if message.user_id == command.user_id => {
            Ok(message.read_at.is_none().then(|| Read { read_at: at }.into()))
        }
        Some(_) | None => Err(Rejection::NotFound),
    }
}

#[cfg(test)]
mod tests;
