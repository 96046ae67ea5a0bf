//! What the sandbox knows, and the rules of its payments. An intent goes one way only: unconfirmed, held or waiting for
//! the customer, taken or cancelled.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tillroll_schemas::PaymentId;

use super::cards::Card;
use super::faults::Faults;
use super::journal::{Answered, Entry, Journal};
use super::outbox::Outbox;
use super::row::{Row, Standing};
use crate::provider::stripe::API_VERSION;

/// How long after a refund was taken on the bank sends the money back: as Stripe, the answer says that it succeeded,
/// whoever looks that it failed, and a webhook tells.
const BOUNCES_AFTER: Duration = Duration::from_secs(3);

/// An answer: status and JSON.
pub(super) type Reply = (u16, Value);
/// The fields of a form.
pub(super) type Fields = BTreeMap<String, String>;

/// Everything. What a call changes is in the journal before the call is answered.
#[derive(Default)]
pub(super) struct Ledger {
    intents: BTreeMap<String, Row>,
    refunds: Vec<Value>,
    /// What was answered under an idempotency key, and to which question.
    answers: HashMap<String, (String, Reply)>,
    pub(super) faults: Faults,
    pub(super) outbox: Outbox,
    last: u64,
    /// In every id, so that a ledger that was thrown away and begun anew has no id twice.
    tag: String,
    journal: Option<Journal>,
    /// What the journal does not have yet.
    news: Entry,
}

/// What an intent holds, has taken and has given back, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// The intent.
    pub intent: String,
    /// Stripe's word for where it stands.
    pub status: &'static str,
    /// Whose: `metadata.payment_id`.
    pub payment: Option<String>,
    /// Held.
    pub held: i64,
    /// Taken.
    pub received: i64,
    /// Given back.
    pub refunded: i64,
}

pub(super) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let kind = if status == 402 { "card_error" } else { "invalid_request_error" };
    (status, json!({"error": {"type": kind, "code": code, "message": message}}))
}

fn with_intent((status, mut body): Reply, intent: Value) -> Reply {
    body["error"]["payment_intent"] = intent;
    (status, body)
}

/// The payment that metadata name.
pub(super) fn payment_of(metadata: &Value) -> Option<PaymentId> {
    metadata["payment_id"].as_str()?.parse().ok()
}

pub(super) fn metadata(fields: &Fields) -> Value {
    let named = fields.iter().filter_map(|(name, value)| {
        Some((name.strip_prefix("metadata[")?.strip_suffix(']')?.to_owned(), Value::from(value.as_str())))
    });
    Value::Object(named.collect())
}

impl Ledger {
    /// The card that an intent is paid with, and whose it is.
    pub(super) fn card(&self, intent: &str) -> Option<(Card, Option<PaymentId>)> {
        self.intents.get(intent).map(|row| (row.card(), payment_of(&row.metadata)))
    }

    pub(super) fn return_url(&self, intent: &str) -> Option<String> {
        self.intents.get(intent)?.return_url.clone()
    }

    pub(super) fn holdings(&self) -> Vec<Holding> {
        let holding = |row: &Row| Holding {
            intent: row.id.clone(),
            status: row.status.word(),
            payment: row.metadata["payment_id"].as_str().map(str::to_owned),
            held: row.capturable,
            received: row.received,
            refunded: row.refunded,
        };
        self.intents.values().map(holding).collect()
    }

    pub(super) fn create(&mut self, fields: &Fields, url: &str) -> Reply {
        let text = |name: &str| fields.get(name).cloned();
        let Some(method) = text("payment_method").filter(|method| Card::of(method).is_some()) else {
            return refusal(400, "resource_missing", "no such payment method");
        };
        let amount = fields.get("amount").and_then(|amount| amount.parse().ok()).unwrap_or(0);
        let (Some(currency), 1..) = (text("currency"), amount) else {
            return refusal(400, "parameter_invalid_integer", "an amount is above 0, in a currency");
        };
        if text("capture_method").as_deref() != Some("manual") {
            return refusal(400, "parameter_invalid", "the sandbox captures by hand only");
        }
        let row = Row {
            id: self.next_id("pi"),
            method,
            status: Standing::RequiresConfirmation,
            amount,
            currency,
            description: text("description"),
            metadata: metadata(fields),
            capturable: 0,
            received: 0,
            refunded: 0,
            error: None,
            return_url: None,
        };
        let shown = row.json(url);
        let card = row.card();
        self.news.intents.push(row.clone());
        self.intents.insert(row.id.clone(), row);
        self.tell("payment_intent.created", &shown, card);
        (200, shown)
    }

    pub(super) fn retrieve(&self, intent: &str, url: &str) -> Reply {
        match self.intents.get(intent) {
            Some(row) => (200, row.json(url)),
            None => refusal(404, "resource_missing", "no such payment intent"),
        }
    }

    /// Changes an intent; the change says which webhook is sent, or why not.
    fn change(
        &mut self,
        intent: &str,
        url: &str,
        change: impl FnOnce(&mut Row) -> Result<&'static str, Reply>,
    ) -> Reply {
        let Some(row) = self.intents.get_mut(intent) else { return self.retrieve(intent, url) };
        let changed = change(row);
        let (shown, card) = (row.json(url), row.card());
        self.news.intents.push(row.clone());
        match changed {
            Ok(told) => {
                self.tell(told, &shown, card);
                (200, shown)
            }
            Err(refused) => {
                if refused.0 == 402 {
                    self.tell("payment_intent.payment_failed", &shown, card);
                }
                with_intent(refused, shown)
            }
        }
    }

    pub(super) fn confirm(&mut self, intent: &str, fields: &Fields, url: &str) -> Reply {
        let back = fields.get("return_url").cloned();
        let another = fields.get("payment_method").filter(|method| Card::of(method).is_some()).cloned();
        self.change(intent, url, |row| {
            // As whoever has its secret can do after a decline, with another card.
            if let (Standing::RequiresPaymentMethod, Some(method)) = (row.status, another) {
                (row.method, row.status, row.error) = (method, Standing::RequiresConfirmation, None);
            }
            match (row.status, row.card()) {
                (Standing::RequiresConfirmation, Card::Declined(code)) => {
                    row.decline(code);
                    let mut refused = refusal(402, "card_declined", "the card was declined");
                    refused.1["error"]["decline_code"] = code.into();
                    Err(refused)
                }
                (Standing::RequiresConfirmation, Card::WantsAuthentication) => {
                    (row.status, row.return_url) = (Standing::RequiresAction, back);
                    Ok("payment_intent.requires_action")
                }
                (Standing::RequiresConfirmation, _) => {
                    row.hold();
                    Ok("payment_intent.amount_capturable_updated")
                }
                _ => Err(unexpected("confirmed")),
            }
        })
    }

    /// The customer has been at his bank.
    pub(super) fn authenticate(&mut self, intent: &str, url: &str, passed: bool) -> Reply {
        self.change(intent, url, |row| match (row.status, passed) {
            (Standing::RequiresAction, true) => {
                row.hold();
                Ok("payment_intent.amount_capturable_updated")
            }
            (Standing::RequiresAction, false) => {
                row.decline("authentication_failed");
                Ok("payment_intent.payment_failed")
            }
            _ => Err(unexpected("authenticated")),
        })
    }

    pub(super) fn capture(&mut self, intent: &str, fields: &Fields, url: &str) -> Reply {
        let asked = fields.get("amount_to_capture").map(|amount| amount.parse().unwrap_or(0));
        self.change(intent, url, |row| match asked.unwrap_or(row.capturable) {
            _ if row.status != Standing::RequiresCapture => Err(unexpected("captured")),
            _ if row.card() == Card::CannotBeCaptured => {
                Err(refusal(400, "charge_expired_for_capture", "the authorisation has expired"))
            }
            amount if !(1..=row.capturable).contains(&amount) => {
                Err(refusal(400, "amount_too_large", "more than is held"))
            }
            amount => {
                (row.received, row.capturable, row.status) = (amount, 0, Standing::Succeeded);
                Ok("payment_intent.succeeded")
            }
        })
    }

    pub(super) fn cancel(&mut self, intent: &str, url: &str) -> Reply {
        self.change(intent, url, |row| match row.status {
            Standing::Succeeded | Standing::Canceled => Err(unexpected("cancelled")),
            _ => {
                (row.capturable, row.status) = (0, Standing::Canceled);
                Ok("payment_intent.canceled")
            }
        })
    }

    pub(super) fn refund(&mut self, fields: &Fields) -> Reply {
        let id = self.next_id("re");
        let row = fields.get("payment_intent").and_then(|intent| self.intents.get_mut(intent));
        let Some(row) = row else { return refusal(404, "resource_missing", "no such payment intent") };
        let left = row.received - row.refunded;
        let amount = fields.get("amount").map_or(left, |amount| amount.parse().unwrap_or(0));
        if row.card() == Card::CannotBeRefunded {
            return refusal(400, "charge_disputed", "the payment is disputed");
        }
        if !(1..=left).contains(&amount) {
            return refusal(400, "amount_too_large", "more than was taken");
        }
        let refund = json!({
            "id": id, "object": "refund", "status": "succeeded", "amount": amount, "currency": row.currency,
            "payment_intent": row.id, "metadata": metadata(fields),
        });
        let card = row.card();
        let mut seen = refund.clone();
        if card == Card::RefundsBounce {
            seen["status"] = "failed".into();
            seen["failure_reason"] = "expired_or_canceled_card".into();
        } else {
            row.refunded += amount;
        }
        self.news.intents.push(row.clone());
        self.news.refunds.push(seen.clone());
        self.refunds.push(seen.clone());
        self.tell("refund.created", &refund, card);
        if card == Card::RefundsBounce {
            self.tell_in(BOUNCES_AFTER, "charge.refund.updated", &seen, card);
        }
        (200, refund)
    }

    /// The refunds after that one, the newest first; of one intent, if one is named.
    pub(super) fn refunds_of(&self, asked: &Fields) -> Reply {
        let of = |refund: &&Value| {
            asked.get("payment_intent").is_none_or(|intent| refund["payment_intent"] == intent.as_str())
        };
        page(asked, self.refunds.iter().rev().filter(of).cloned())
    }

    /// The intents after that one, the newest first.
    pub(super) fn list(&self, asked: &Fields, url: &str) -> Reply {
        page(asked, self.intents.values().rev().map(|row| row.json(url)))
    }

    fn tell(&mut self, kind: &str, object: &Value, card: Card) {
        self.tell_in(Duration::ZERO, kind, object, card);
    }

    fn tell_in(&mut self, delay: Duration, kind: &str, object: &Value, card: Card) {
        let id = self.next_id("evt");
        let event = json!({
            "id": id, "object": "event", "api_version": API_VERSION, "type": kind, "data": {"object": object},
        });
        let times = if card == Card::ToldTwice { 2 } else { 1 };
        for _ in 0..times {
            self.news.told.push(self.outbox.add(event.clone(), delay));
        }
    }

    /// What was answered under the key, and to which question.
    pub(super) fn answered(&self, key: &str) -> Option<&(String, Reply)> {
        self.answers.get(key)
    }

    /// In memory; the journal has them again after a restart.
    pub(super) fn forget_keys(&mut self) {
        self.answers.clear();
    }

    pub(super) fn remember(&mut self, key: String, question: String, reply: Reply) {
        let (status, body) = reply.clone();
        self.news.answers.push(Answered { key: key.clone(), question: question.clone(), status, body });
        self.answers.insert(key, (question, reply));
    }

    pub(super) fn delivered(&mut self, letter: u64) {
        self.outbox.delivered(letter);
        self.news.delivered.push(letter);
    }

    /// Writes down what has changed; an error if it cannot be.
    pub(super) fn keep(&mut self) -> std::io::Result<()> {
        let news = std::mem::take(&mut self.news);
        match &mut self.journal {
            Some(journal) if !news.is_empty() => journal.append(&Entry { last: self.last, ..news }),
            Some(_) | None => Ok(()),
        }
    }

    /// What the journal says, kept in that journal from now on.
    pub(super) fn kept(journal: Journal, tag: String, entries: Vec<Entry>) -> Self {
        let mut ledger = Self { journal: Some(journal), tag, ..Self::default() };
        for entry in entries {
            ledger.last = ledger.last.max(entry.last);
            ledger.intents.extend(entry.intents.into_iter().map(|row| (row.id.clone(), row)));
            ledger.refunds.extend(entry.refunds);
            for Answered { key, question, status, body } in entry.answers {
                ledger.answers.insert(key, (question, (status, body)));
            }
            entry.told.into_iter().for_each(|letter| ledger.outbox.put(letter));
            entry.delivered.into_iter().for_each(|letter| ledger.outbox.delivered(letter));
        }
        ledger
    }

    fn next_id(&mut self, kind: &str) -> String {
        self.last += 1;
        format!("{kind}_sandbox_{}{:09}", self.tag, self.last)
    }
}

fn unexpected(what: &str) -> Reply {
    refusal(400, "payment_intent_unexpected_state", &format!("as it stands it cannot be {what}"))
}

/// A page of a list, as Stripe pages: `starting_after` an id, at most `limit`.
fn page(asked: &Fields, all: impl Iterator<Item = Value>) -> Reply {
    let limit = asked.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10).clamp(1, 100);
    let after = asked.get("starting_after");
    let mut rest: Box<dyn Iterator<Item = Value>> = match after {
        None => Box::new(all),
        Some(after) => Box::new(all.skip_while(move |each| each["id"] != after.as_str()).skip(1)),
    };
    let data: Vec<Value> = rest.by_ref().take(limit).collect();
    (200, json!({"object": "list", "has_more": rest.next().is_some(), "data": data}))
}
