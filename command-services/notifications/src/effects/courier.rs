//! Who runs the errands: looks up what is wanted and where, writes the message, asks the channel once.

use super::{Errand, Texted, Told, commands};
use crate::channels::{Mail, Mailer, Outcome, Webhook, WebhookMessage};
use crate::notification::names_no_mailbox;
use crate::ports::{Address, Addresses, Found, LinkTo, Links, Preferences, Which};
use crate::preference::State as Wishes;
use crate::templates::{Template, Texts, Written};
use std::fmt;
use std::time::Duration;
use tillroll_log::Outgoing;
use tillroll_schemas::Timestamp;
use tillroll_schemas::notification::{Channel, Content, GaveUp};
use tillroll_schemas::preference::Choices;

/// The longest that one channel is waited for.
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// How long what the person wants and where he is reached may take to be looked up. With the time above less than an
/// effect has: what is known of one channel is told whatever becomes of the others.
const LOOK_UP_WITHIN: Duration = Duration::from_secs(10);

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
    /// Who was sent text messages.
    pub texted: Texted,
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
    /// Makes the attempts, over all channels at once, and says what has to be recorded of them. Ends within 40 seconds.
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
        let now = (self.clock)();
        if now >= errand.send_by {
            return None;
        }
        if errand.content.expires_at().is_some_and(|expires_at| expires_at <= now) {
            return Some(Told::GaveUp(GaveUp::Expired));
        }
        let looked_up = tokio::time::timeout(LOOK_UP_WITHIN, self.look_up(errand, channel)).await.ok()??;
        let (way, address) = match looked_up {
            Ok(found) => found,
            Err(reason) => return Some(Told::GaveUp(reason)),
        };
        let number = address.number;
        let Some(written) = self.write(errand, channel, &address) else {
            return Some(Told::GaveUp(GaveUp::Unwritable));
        };
        match (self.ask(way, errand, channel, address, written).await, number) {
            (Outcome::Sent, address) => Some(Told::Sent { address }),
            (Outcome::Rejected(code), Some(address)) if names_no_mailbox(&code) => {
                Some(Told::NoMailbox { code, address })
            }
            (Outcome::Rejected(code), _) => Some(Told::Failed { code, permanent: true }),
            (Outcome::Later(code), _) => Some(Told::Failed { code, permanent: false }),
            (Outcome::Unknown, _) => None,
        }
    }

    /// By which way and where the person is reached, or why not; nothing if that cannot be said now.
    async fn look_up(&self, errand: &Errand, channel: Channel) -> Option<Result<(Way<'_>, Address), GaveUp>> {
        let kind = errand.content.kind();
        // What is owed by mail goes, whatever he wants and even if that cannot be had.
        let owed = kind.needs_email() && channel == Channel::Email;
        let which = Which::of(&errand.content);
        let (wishes, found) = tokio::join!(
            self.preferences.choices(errand.user_id),
            self.addresses.look_up(errand.user_id, channel, which)
        );
        let wishes = match wishes {
            Some(wishes) => wishes,
            None if owed => Wishes::default(),
            None => return None,
        };
        let wanted = owed
            || wishes.choices.wants(kind, channel)
            || (channel == Channel::Email && self.mail_stands_in(errand, &wishes.choices).await?);
        if !wanted {
            return Some(Err(GaveUp::SwitchedOff));
        }
        let Some(way) = self.way(channel) else { return Some(Err(GaveUp::NotConfigured)) };
        let address = match found {
            Found::Address(address) => address,
            Found::Absent => return Some(Err(GaveUp::NoAddress)),
            Found::Erased => return Some(Err(GaveUp::RecipientErased)),
            Found::Unavailable => return None,
        };
        // These he asks for himself, to that address: by one he proves that it is one again, and without the other he
        // might never log in to say so.
        let asked_for = matches!(errand.content, Content::VerifyEmail(_) | Content::ResetPassword(_));
        if address.number.is_some() && address.number == wishes.undeliverable && !asked_for {
            return Some(Err(GaveUp::Undeliverable));
        }
        Some(Ok((way, address)))
    }

    /// Whether a mail goes in place of what he chose: he wants to be told, and he is reached over nothing of that. Nothing
    /// if that cannot be said now.
    async fn mail_stands_in(&self, errand: &Errand, choices: &Choices) -> Option<bool> {
        let (kind, texts) = (errand.content.kind(), Template::of(&errand.content).channels());
        let chosen: Vec<_> = Channel::ALL.into_iter().filter(|channel| choices.wants(kind, *channel)).collect();
        for &channel in chosen.iter().filter(|channel| texts.contains(channel) && self.way(**channel).is_some()) {
            match self.addresses.look_up(errand.user_id, channel, Which::of(&errand.content)).await {
                Found::Address(_) | Found::Erased => return Some(false),
                Found::Absent => {}
                Found::Unavailable => return None,
            }
        }
        Some(!chosen.is_empty())
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
                if channel == Channel::Sms {
                    self.text(webhook, errand, &message, now, left).await
                } else {
                    webhook.send(&message, now.timestamp(), left).await
                }
            }
        }
    }

    /// Of one person so many in an hour, as far as this process knows, whatever number he has given; the rest later.
    async fn text(
        &self,
        webhook: &Webhook,
        errand: &Errand,
        message: &WebhookMessage,
        now: Timestamp,
        left: Duration,
    ) -> Outcome {
        if !self.texted.may(errand.user_id, now) {
            return Outcome::Later("too_many_texts".to_owned());
        }
        let outcome = webhook.send(message, now.timestamp(), left).await;
        match outcome {
            Outcome::Sent | Outcome::Unknown => {}
            Outcome::Rejected(_) | Outcome::Later(_) => self.texted.was_not_sent(errand.user_id),
        }
        outcome
    }

    /// Where such mails are switched off, if they can be.
    fn unsubscribe(&self, errand: &Errand) -> Option<String> {
        let kind = errand.content.kind();
        (!kind.needs_email()).then(|| self.links.link(errand.user_id, LinkTo::Preferences(kind)))
    }
}
