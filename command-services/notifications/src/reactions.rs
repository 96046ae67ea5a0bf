//! What notifications cause elsewhere: an address that turned out to be none is not tried again. The reactor's name is
//! that of the commands by which the effects record what came of an attempt; it is for ever.

use crate::effects::undeliverable;
use crate::notification::Notification;
use tillroll_log::{Cause, Outgoing, Reactions, SettledAs};
use tillroll_schemas::notification::{NotificationCommand, NotificationEvent};

/// What a notification causes.
#[derive(Debug)]
pub struct NotificationReactions;

type Commands = Result<Vec<Outgoing>, serde_json::Error>;

impl Reactions<Notification> for NotificationReactions {
    const NAME: &'static str = "notification-reactions";

    fn on_event(_: &Cause, event: &NotificationEvent) -> Commands {
        let told = match event {
            NotificationEvent::Bounced(bounced) => bounced.undeliverable.map(undeliverable),
            NotificationEvent::Queued(_)
            | NotificationEvent::AttemptDue(_)
            | NotificationEvent::AttemptFailed(_)
            | NotificationEvent::Sent(_)
            | NotificationEvent::GivenUp(_)
            | NotificationEvent::Read(_) => None,
        };
        told.into_iter().collect()
    }

    /// Whoever has a message sent does not wait for it.
    fn on_settled(_: &Cause, _: Option<&NotificationCommand>, _: SettledAs<'_>) -> Commands {
        Ok(Vec::new())
    }
}
