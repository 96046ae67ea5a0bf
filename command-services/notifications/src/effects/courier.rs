//! Who runs the errands: looks up what is wanted and where, writes the message, asks the channel once.

use super::{Errand, Told, commands};
use crate::channels::{Mail, Mailer, Outcome, Webhook, WebhookMessage};
use crate::ports::{Address, Addresses, Found, LinkTo, Links, Preferences, Which};
use crate::templates::{Template, Texts, Written};
use std::fmt;
use std::time::Duration;
use tillroll_log::Outgoing;
use tillroll_schemas::Timestamp;
use tillroll_schemas::notification::{Channel, GaveUp};
use tillroll_schemas::preference::Kind;

/// The longest that one channel is waited for.
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// The ways out that this installation has.
#[derive(Debug, Default)]
pub struct Ways {
    /// E-mail.
    pub email: Option<Mailer>,
    /// Text messages.
    pub sms: Option<Webhook>,
    /// Push messages.
    pub push: Option<Webhook>,
}

/// Runs errands. Shared by all of them.
pub struct Courier {
    /// The ways out.
    pub ways: Ways,
    /// The texts.
    pub texts: Texts,
    /// Where people are reached.
    pub addresses: Box<dyn Addresses>,
    /// What they want.
    pub preferences: Box<dyn Preferences>,
    /// Where links lead.
    pub links: Box<dyn Links>,
    /// The clock: `tillroll_log::now`.
    pub clock: fn() -> Timestamp,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("ways", &self.ways).finish_non_exhaustive()
    }
}

/// A way that is there.
enum Way<'a> {
    Email(&'a Mailer),
    Webhook(&'a Webhook),
}

impl Courier {
    /// Makes the attempts, over all channels at once, and says what has to be recorded of them. Ends within 30 seconds
    /// and the time that looking up an address takes.
    ///
    /// # Errors
    /// A command that cannot be encoded.
    pub async fn run(&self, errand: &Errand) -> Result<Vec<Outgoing>, serde_json::Error> {
        let [email, sms, push] = Channel::ALL.map(|channel| async move {
            match errand.channels.contains(&channel) {
                true => self.attempt(errand, channel).await.map(|told| (channel, told)),
                false => None,
            }
        });
        let (email, sms, push) = tokio::join!(email, sms, push);
        let told = [email, sms, push].into_iter().flatten().collect();
        commands(errand, told)
    }

    /// One attempt over one channel; nothing is told of what is not known.
    async fn attempt(&self, errand: &Errand, channel: Channel) -> Option<Told> {
        let template = Template::of(&errand.content);
        let now = (self.clock)();
        if now >= errand.send_by {
            return None;
        }
        if errand.content.expires_at().is_some_and(|expires_at| expires_at <= now) {
            return Some(Told::GaveUp(GaveUp::Expired));
        }
        if !self.wanted(errand, template.kind(), channel).await? {
            return Some(Told::GaveUp(GaveUp::SwitchedOff));
        }
        let Some(way) = self.way(channel) else { return Some(Told::GaveUp(GaveUp::NotConfigured)) };
        let address = match self.addresses.look_up(errand.user_id, channel, Which::of(&errand.content)).await {
            Found::Address(address) => address,
            Found::Absent => return Some(Told::GaveUp(GaveUp::NoAddress)),
            Found::Erased => return Some(Told::GaveUp(GaveUp::RecipientErased)),
            Found::Unavailable => return None,
        };
        let Some(written) = self.write(errand, channel, &address) else {
            return Some(Told::GaveUp(GaveUp::Unwritable));
        };
        told(self.ask(way, errand, channel, address, written).await)
    }

    /// Whether the person wants it; nothing if that cannot be said now. What is owed by mail nobody is asked about.
    async fn wanted(&self, errand: &Errand, kind: Kind, channel: Channel) -> Option<bool> {
        if kind.needs_email() && channel == Channel::Email {
            return Some(true);
        }
        Some(self.preferences.choices(errand.user_id).await?.wants(kind, channel))
    }

    fn way(&self, channel: Channel) -> Option<Way<'_>> {
        match channel {
            Channel::Email => self.ways.email.as_ref().map(Way::Email),
            Channel::Sms => self.ways.sms.as_ref().map(Way::Webhook),
            Channel::Push => self.ways.push.as_ref().map(Way::Webhook),
        }
    }

    fn write(&self, errand: &Errand, channel: Channel, address: &Address) -> Option<Written> {
        let link = self.links.link(errand.user_id, LinkTo::of(&errand.content));
        let written = self.texts.write(&errand.content, channel, address.language, &link);
        written
            .inspect_err(|error| {
                let error = error as &dyn std::error::Error;
                tracing::error!(notification.id = %errand.notification, error, "a message cannot be written");
            })
            .ok()
    }

    /// The channel is asked, if there still is time after all that was looked up.
    async fn ask(
        &self,
        way: Way<'_>,
        errand: &Errand,
        channel: Channel,
        Address { to, .. }: Address,
        written: Written,
    ) -> Outcome {
        let now = (self.clock)();
        let left = (errand.send_by - now).to_std().unwrap_or_default().min(SEND_WITHIN);
        if left.is_zero() {
            return Outcome::Unknown;
        }
        let notification = errand.notification;
        match way {
            Way::Email(mailer) => {
                let unsubscribe = self.unsubscribe(errand);
                mailer.send(&Mail { notification, to, written, unsubscribe }, left).await
            }
            Way::Webhook(webhook) => {
                let Written { subject: title, text, html: _ } = written;
                let message = WebhookMessage { notification, channel, to, title, text };
                webhook.send(&message, now.timestamp(), left).await
            }
        }
    }

    /// Where such mails are switched off, if they can be.
    fn unsubscribe(&self, errand: &Errand) -> Option<String> {
        let kind = Template::of(&errand.content).kind();
        (!kind.needs_email()).then(|| self.links.link(errand.user_id, LinkTo::Preferences(kind)))
    }
}

fn told(outcome: Outcome) -> Option<Told> {
    match outcome {
        Outcome::Sent => Some(Told::Sent),
        Outcome::Rejected(code) => Some(Told::Failed { code, permanent: true }),
        Outcome::Later(code) => Some(Told::Failed { code, permanent: false }),
        Outcome::Unknown => None,
    }
}
