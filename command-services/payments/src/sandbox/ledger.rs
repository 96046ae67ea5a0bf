//! What the sandbox knows, and the rules of its payments. An intent goes one way only: unconfirmed, held or waiting for
//! the customer, taken or cancelled.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Value, json};

use super::cards::Card;
use super::faults::Faults;

/// An answer: status and JSON.
pub(super) type Reply = (u16, Value);
/// The fields of a form.
pub(super) type Fields = BTreeMap<String, String>;

/// Everything.
#[derive(Default)]
pub(super) struct Ledger {
    intents: BTreeMap<String, Row>,
    refunds: Vec<Value>,
    /// What was answered under an idempotency key, and to which question.
    pub(super) answers: HashMap<String, (String, Reply)>,
    pub(super) faults: Faults,
    pub(super) webhooks: Vec<Value>,
    last: u64,
}

#[derive(Clone)]
struct Row {
    id: String,
    card: Card,
    status: &'static str,
    amount: i64,
    currency: String,
    description: Option<String>,
    metadata: Value,
    capturable: i64,
    received: i64,
    refunded: i64,
    error: Option<Value>,
    return_url: Option<String>,
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

fn metadata(fields: &Fields) -> Value {
    let named = fields.iter().filter_map(|(name, value)| {
        Some((name.strip_prefix("metadata[")?.strip_suffix(']')?.to_owned(), Value::from(value.as_str())))
    });
    Value::Object(named.collect())
}

impl Row {
    fn json(&self, url: &str) -> Value {
        let action = (self.status == "requires_action").then(|| {
            let page = format!("{url}/sandbox/authenticate/{}", self.id);
            match &self.return_url {
                Some(back) => json!({"type": "redirect_to_url", "redirect_to_url": {"url": page, "return_url": back}}),
                None => json!({"type": "use_stripe_sdk"}),
            }
        });
        json!({
            "id": self.id, "object": "payment_intent", "status": self.status, "amount": self.amount,
            "currency": self.currency, "capture_method": "manual", "description": self.description,
            "metadata": self.metadata, "amount_capturable": self.capturable, "amount_received": self.received,
            "last_payment_error": self.error, "next_action": action, "livemode": false,
        })
    }

    /// Holds what the card allows.
    fn hold(&mut self) {
        self.capturable = if self.card == Card::HoldsLess { self.amount / 2 } else { self.amount };
        self.status = "requires_capture";
    }

    fn decline(&mut self, decline_code: &str) {
        self.status = "requires_payment_method";
        self.error = Some(json!({"type": "card_error", "code": "card_declined", "decline_code": decline_code}));
    }
}

impl Ledger {
    pub(super) fn card(&self, intent: &str) -> Option<Card> {
        self.intents.get(intent).map(|row| row.card)
    }

    pub(super) fn holdings(&self) -> Vec<Holding> {
        let holding = |row: &Row| Holding {
            intent: row.id.clone(),
            status: row.status,
            payment: row.metadata["payment_id"].as_str().map(str::to_owned),
            held: row.capturable,
            received: row.received,
            refunded: row.refunded,
        };
        self.intents.values().map(holding).collect()
    }

    pub(super) fn create(&mut self, fields: &Fields, url: &str) -> Reply {
        let text = |name: &str| fields.get(name).cloned();
        let Some(card) = text("payment_method").as_deref().and_then(Card::of) else {
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
            id: self.next_id("pi_sandbox"),
            card,
            status: "requires_confirmation",
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
        self.intents.insert(row.id.clone(), row.clone());
        self.tell("payment_intent.created", &shown, row.card);
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
        let (shown, card) = (row.json(url), row.card);
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
        self.change(intent, url, |row| match (row.status, row.card) {
            ("requires_confirmation", Card::Declined(code)) => {
                row.decline(code);
                let mut refused = refusal(402, "card_declined", "the card was declined");
                refused.1["error"]["decline_code"] = code.into();
                Err(refused)
            }
            ("requires_confirmation", Card::WantsAuthentication) => {
                (row.status, row.return_url) = ("requires_action", back);
                Ok("payment_intent.requires_action")
            }
            ("requires_confirmation", _) => {
                row.hold();
                Ok("payment_intent.amount_capturable_updated")
            }
            _ => Err(unexpected("confirmed")),
        })
    }

    /// The customer has been at his bank.
    pub(super) fn authenticate(&mut self, intent: &str, url: &str, passed: bool) -> Reply {
        self.change(intent, url, |row| match (row.status, passed) {
            ("requires_action", true) => {
                row.hold();
                Ok("payment_intent.amount_capturable_updated")
            }
            ("requires_action", false) => {
                row.decline("authentication_failed");
                Ok("payment_intent.payment_failed")
            }
            _ => Err(unexpected("authenticated")),
        })
    }

    pub(super) fn capture(&mut self, intent: &str, fields: &Fields, url: &str) -> Reply {
        let asked = fields.get("amount_to_capture").map(|amount| amount.parse().unwrap_or(0));
        self.change(intent, url, |row| match asked.unwrap_or(row.capturable) {
            _ if row.status != "requires_capture" => Err(unexpected("captured")),
            _ if row.card == Card::CannotBeCaptured => {
                Err(refusal(400, "charge_expired_for_capture", "the authorisation has expired"))
            }
            amount if !(1..=row.capturable).contains(&amount) => {
                Err(refusal(400, "amount_too_large", "more than is held"))
            }
            amount => {
                (row.received, row.capturable, row.status) = (amount, 0, "succeeded");
                Ok("payment_intent.succeeded")
            }
        })
    }

    pub(super) fn cancel(&mut self, intent: &str, url: &str) -> Reply {
        self.change(intent, url, |row| match row.status {
            "succeeded" | "canceled" => Err(unexpected("cancelled")),
            _ => {
                (row.capturable, row.status) = (0, "canceled");
                Ok("payment_intent.canceled")
            }
        })
    }

    pub(super) fn refund(&mut self, fields: &Fields) -> Reply {
        let id = self.next_id("re_sandbox");
        let row = fields.get("payment_intent").and_then(|intent| self.intents.get_mut(intent));
        let Some(row) = row else { return refusal(404, "resource_missing", "no such payment intent") };
        let left = row.received - row.refunded;
        let amount = fields.get("amount").map_or(left, |amount| amount.parse().unwrap_or(0));
        if row.card == Card::CannotBeRefunded {
            return refusal(400, "charge_disputed", "the payment is disputed");
        }
        if !(1..=left).contains(&amount) {
            return refusal(400, "amount_too_large", "more than was taken");
        }
        row.refunded += amount;
        let refund = json!({
            "id": id, "object": "refund", "status": "succeeded", "amount": amount, "currency": row.currency,
            "payment_intent": row.id, "metadata": metadata(fields),
        });
        let card = row.card;
        self.refunds.insert(0, refund.clone());
        self.tell("refund.created", &refund, card);
        (200, refund)
    }

    pub(super) fn refunds_of(&self, intent: Option<&String>) -> Reply {
        let of = |refund: &&Value| intent.is_none_or(|intent| refund["payment_intent"] == intent.as_str());
        let data: Vec<&Value> = self.refunds.iter().filter(of).take(100).collect();
        (200, json!({"object": "list", "has_more": false, "data": data}))
    }

    fn tell(&mut self, kind: &str, object: &Value, card: Card) {
        let id = self.next_id("evt_sandbox");
        let event = json!({"id": id, "object": "event", "type": kind, "data": {"object": object}});
        let times = if card == Card::ToldTwice { 2 } else { 1 };
        self.webhooks.extend(std::iter::repeat_n(event, times));
    }

    fn next_id(&mut self, kind: &str) -> String {
        self.last += 1;
        format!("{kind}_{:06}", self.last)
    }
}

fn unexpected(what: &str) -> Reply {
    refusal(400, "payment_intent_unexpected_state", &format!("as it stands it cannot be {what}"))
}
