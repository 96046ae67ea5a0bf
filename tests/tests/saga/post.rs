//! The other side of messages, in memory: whoever takes them, and fails in every way in which one can. Attempts travel as
//! letters, so that they are lost with their owner and made again.

use std::collections::BTreeMap;
use std::sync::Arc;
use tillroll_log::{Body, Cause, Outgoing, Reactions, SettledAs};
use tillroll_notifications::NotificationReactions;
use tillroll_notifications::effects::Errand;
use tillroll_notifications::notification::Notification;
use tillroll_schemas::catalogue;
use tillroll_schemas::notification::{Channel, NotificationCommand, NotificationEvent, RecordFailed, RecordSent};
use tillroll_testkit::Letter;

/// The command that an attempt comes to, if it is taken.
pub const MESSAGE: &str = "notification.record-sent";

/// What goes wrong with attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This message is refused for good.
    Refused,
    /// It is not taken now: the connection is refused, runs out of time before the text, or the server defers.
    Later,
    /// It is taken, and nobody is told. (Nobody is told late: a reactor's position waits for what it tells.)
    Cut,
}

/// Whoever takes messages.
#[derive(Debug, Default)]
pub struct Post {
    /// How often each was taken, over each channel.
    pub taken: BTreeMap<(Arc<str>, Channel), u32>,
    /// The next attempts over each channel fail like this, so many times.
    troubles: BTreeMap<Channel, (Trouble, u32)>,
}

impl Post {
    /// So many attempts over each channel fail like this.
    pub fn fails(&mut self, trouble: Trouble, times: u32) {
        self.troubles = Channel::ALL.map(|channel| (channel, (trouble, times))).into();
    }

    pub fn recovers(&mut self) {
        self.troubles.clear();
    }

    /// An attempt is made: what is told of it, if anything.
    pub fn takes(&mut self, mut letter: Letter) -> Option<Letter> {
        let command = NotificationCommand::decode(letter.type_name, &letter.value).unwrap();
        let NotificationCommand::RecordSent(RecordSent { channel, attempt, address: None }) = command else {
            panic!("{command:?}")
        };
        let trouble = self.troubles.get_mut(&channel).filter(|(_, left)| *left > 0).map(|(trouble, left)| {
            *left -= 1;
            *trouble
        });
        if !matches!(trouble, Some(Trouble::Refused | Trouble::Later)) {
            *self.taken.entry((letter.key.clone(), channel)).or_default() += 1;
        }
        match trouble {
            None => {}
            Some(Trouble::Cut) => return None,
            Some(Trouble::Refused | Trouble::Later) => {
                let (code, permanent) = ("450".to_owned(), trouble == Some(Trouble::Refused));
                letter.becomes(&NotificationCommand::from(RecordFailed { channel, attempt, code, permanent }));
            }
        }
        Some(letter)
    }
}

/// What a notification causes: an attempt over each channel that is due. It travels in place of what it will come to; the
/// shop makes it when it routes the letter.
pub struct MessageWork;

impl Reactions<Notification> for MessageWork {
    const NAME: &'static str = NotificationReactions::NAME;

    fn on_event(cause: &Cause, event: &NotificationEvent) -> Result<Vec<Outgoing>, serde_json::Error> {
        let mut work = NotificationReactions::on_event(cause, event)?;
        let Some(errand) = Errand::of(&cause.key, event) else { return Ok(work) };
        for channel in errand.channels {
            let command = NotificationCommand::from(RecordSent { channel, attempt: errand.attempt, address: None });
            let step = format!("attempt/{}", channel.as_str());
            work.push(Outgoing::new(catalogue::NOTIFICATION, cause.key.clone(), step, &command)?);
        }
        Ok(work)
    }

    fn on_settled(
        cause: &Cause,
        command: Option<&NotificationCommand>,
        settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, serde_json::Error> {
        NotificationReactions::on_settled(cause, command, settled)
    }
}
