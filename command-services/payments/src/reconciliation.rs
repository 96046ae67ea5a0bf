//! Whether the provider and the log say the same of money: pure, from what each of them says. A payment that waits for
//! the provider is under way: what the two say of it may differ for a moment, and is not judged.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use tillroll_schemas::payment::IntentId;
use tillroll_schemas::{Money, PaymentId, RefundId};

use crate::payment::{Life, PaymentState, Standing};
use crate::provider::{Intent, IntentStatus, RefundSeen, RefundStatus};

/// What a payment's events say of its money.
#[derive(Clone, Debug, PartialEq)]
pub struct Booked {
    /// The provider's id, once it is in the log.
    pub intent: Option<IntentId>,
    /// What is held.
    pub held: Option<Money>,
    /// What was taken.
    pub taken: Option<Money>,
    /// What went back.
    pub returned: BTreeMap<RefundId, Money>,
    /// Whether something is asked of the provider and may be done any moment.
    pub under_way: bool,
}

impl Booked {
    /// As the payment stands.
    pub fn of(state: &PaymentState) -> Self {
        let life = &state.life;
        let held = match life {
            Life::Authorised(payment) | Life::Capturing(payment, ..) => Some(payment.request.amount),
            Life::NotRequested
            | Life::Creating(..)
            | Life::Confirming(..)
            | Life::ActionRequired(..)
            | Life::Captured(_)
            | Life::Voiding(..)
            | Life::Declined(..)
            | Life::Voided(_) => None,
        };
        let (taken, returned) = match life {
            Life::Captured(taken) => {
                let done = taken.refunds.iter().filter(|(_, refund)| refund.standing == Standing::Done);
                (Some(taken.captured), done.map(|(id, refund)| (*id, refund.amount)).collect())
            }
            _ => (None, BTreeMap::new()),
        };
        let under_way = life.waits().any(|(_, wait)| wait.stuck().is_none());
        // A customer may be at his bank this moment.
        let under_way = under_way || matches!(life, Life::ActionRequired(..));
        Self { intent: life.intent().cloned(), held, taken, returned, under_way }
    }
}

/// Both sides.
#[derive(Debug, Default)]
pub struct Books {
    /// What the log says, by payment.
    pub log: BTreeMap<PaymentId, Booked>,
    /// Every intent that the provider has.
    pub intents: Vec<Intent>,
    /// Every refund that the provider has.
    pub refunds: Vec<RefundSeen>,
}

/// One thing that the two say differently.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Of which payment; the provider's id, if the log knows none.
    pub of: String,
    /// What.
    #[serde(flatten)]
    pub kind: Kind,
}

/// The ways in which they can differ. Amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Kind {
    /// The log names an intent that the provider does not have.
    MissingAtProvider {
        /// Which.
        intent: String,
    },
    /// The provider has an intent with money for which the log has no payment, or a payment that names another.
    MissingInLog {
        /// Which.
        intent: String,
        /// What it holds or has taken.
        amount: i64,
    },
    /// Another amount is held.
    OtherHeld {
        /// As the log says.
        log: i64,
        /// As the provider says.
        provider: i64,
    },
    /// Another amount was taken.
    OtherTaken {
        /// As the log says.
        log: i64,
        /// As the provider says.
        provider: i64,
    },
    /// They are in two currencies.
    OtherCurrency {
        /// As the log says.
        log: String,
        /// As the provider says.
        provider: String,
    },
    /// Money went back according to the log, and not, or another amount, according to the provider.
    RefundMissingAtProvider {
        /// Which.
        refund: String,
        /// As the log says.
        log: i64,
        /// As the provider says.
        provider: i64,
    },
    /// Money went back according to the provider, and not according to the log.
    RefundMissingInLog {
        /// The provider's id.
        refund: String,
        /// How much.
        amount: i64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = &self.of;
        match &self.kind {
            Kind::MissingAtProvider { intent } => write!(f, "{of}: the provider has no {intent}"),
            Kind::MissingInLog { intent, amount } => {
                write!(f, "{of}: the provider has {amount} in {intent}, which is in no payment of the log")
            }
            Kind::OtherHeld { log, provider } => write!(f, "{of}: held: {log} in the log, {provider} at the provider"),
            Kind::OtherTaken { log, provider } => {
                write!(f, "{of}: taken: {log} in the log, {provider} at the provider")
            }
            Kind::OtherCurrency { log, provider } => {
                write!(f, "{of}: in {log} in the log, in {provider} at the provider")
            }
            Kind::RefundMissingAtProvider { refund, log, provider } => {
                write!(f, "{of}: refund {refund}: {log} in the log, {provider} at the provider")
            }
            Kind::RefundMissingInLog { refund, amount } => {
                write!(f, "{of}: the provider gave {amount} back in {refund}, and the log does not")
            }
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// Payments that were compared.
    pub compared: usize,
    /// Payments that wait for the provider, and were not.
    pub under_way: usize,
    /// Intents without money that no payment names: left behind by a creation whose answer was lost. They hold nothing
    /// and nobody will confirm them.
    pub left_over: usize,
    /// Intents at the provider that are not this shop's.
    pub foreign: usize,
    /// Where the two differ.
    pub differences: Vec<Difference>,
}

/// Compares them.
pub fn reconcile(books: &Books) -> Reconciled {
    let mut told = Reconciled::default();
    let intents: BTreeMap<&IntentId, &Intent> = books.intents.iter().map(|intent| (&intent.id, intent)).collect();
    for (payment, booked) in &books.log {
        if booked.under_way {
            told.under_way += 1;
            continue;
        }
        told.compared += 1;
        let of = |kind| Difference { of: payment.to_string(), kind };
        told.differences.extend(of_payment(booked, &intents, &books.refunds).into_iter().map(of));
        told.differences.extend(of_refunds(booked, &books.refunds).into_iter().map(of));
    }
    for intent in &books.intents {
        let named = intent.payment.and_then(|payment| books.log.get(&payment));
        match (intent.payment, named) {
            (None, _) => told.foreign += 1,
            (Some(_), Some(booked)) if booked.under_way || booked.intent.as_ref() == Some(&intent.id) => {}
            // What was let go of, or taken and given back, is over.
            (Some(_), _) if has(intent, &books.refunds) == 0 => {
                told.left_over += usize::from(can_be_confirmed(intent.status));
            }
            (Some(payment), _) => {
                let amount = has(intent, &books.refunds);
                let kind = Kind::MissingInLog { intent: intent.id.to_string(), amount };
                told.differences.push(Difference { of: payment.to_string(), kind });
            }
        }
    }
    told.differences.sort();
    told
}

/// What an intent holds, or has taken and not given back.
fn has(intent: &Intent, refunds: &[RefundSeen]) -> i64 {
    intent.capturable.amount + intent.received.amount - given_back(&intent.id, refunds)
}

fn given_back(intent: &IntentId, refunds: &[RefundSeen]) -> i64 {
    let of = refunds.iter().filter(|refund| refund.intent.as_ref() == Some(intent) && is_gone(refund));
    of.map(|refund| refund.amount.amount).sum()
}

fn is_gone(refund: &RefundSeen) -> bool {
    !matches!(refund.status, RefundStatus::Failed { .. })
}

fn can_be_confirmed(status: IntentStatus) -> bool {
    match status {
        IntentStatus::RequiresConfirmation | IntentStatus::RequiresAction | IntentStatus::RequiresPaymentMethod => true,
        IntentStatus::Processing
        | IntentStatus::RequiresCapture
        | IntentStatus::Succeeded
        | IntentStatus::Cancelled => false,
    }
}

fn of_payment(booked: &Booked, intents: &BTreeMap<&IntentId, &Intent>, refunds: &[RefundSeen]) -> Vec<Kind> {
    let Some(id) = &booked.intent else { return Vec::new() };
    let Some(intent) = intents.get(id) else { return vec![Kind::MissingAtProvider { intent: id.to_string() }] };
    let (held, taken) = (booked.held, booked.taken);
    let currency = intent.received.currency;
    if let Some(other) = held.or(taken).filter(|money| money.currency != currency) {
        return vec![Kind::OtherCurrency { log: other.currency.to_string(), provider: currency.to_string() }];
    }
    let amount = |money: Option<Money>| money.map_or(0, |money| money.amount);
    let mut kinds = Vec::new();
    let provider_holds = match intent.status {
        IntentStatus::RequiresCapture => intent.capturable.amount,
        IntentStatus::RequiresPaymentMethod
        | IntentStatus::RequiresConfirmation
        | IntentStatus::RequiresAction
        | IntentStatus::Processing
        | IntentStatus::Succeeded
        | IntentStatus::Cancelled => 0,
    };
    if amount(held) != provider_holds {
        kinds.push(Kind::OtherHeld { log: amount(held), provider: provider_holds });
    }
    let provider_took = match taken {
        Some(_) => intent.received.amount,
        // What was taken and given back behind the log is over.
        None => intent.received.amount - given_back(&intent.id, refunds),
    };
    if amount(taken) != provider_took {
        kinds.push(Kind::OtherTaken { log: amount(taken), provider: provider_took });
    }
    kinds
}

fn of_refunds(booked: &Booked, refunds: &[RefundSeen]) -> Vec<Kind> {
    if booked.taken.is_none() {
        return Vec::new();
    }
    let ours = |seen: &&RefundSeen| booked.intent.is_some() && seen.intent == booked.intent && is_gone(seen);
    let seen: Vec<&RefundSeen> = refunds.iter().filter(ours).collect();
    let mut kinds = Vec::new();
    for (id, amount) in &booked.returned {
        let provider: i64 = seen.iter().filter(|seen| seen.refund == Some(*id)).map(|seen| seen.amount.amount).sum();
        if provider != amount.amount {
            kinds.push(Kind::RefundMissingAtProvider { refund: id.to_string(), log: amount.amount, provider });
        }
    }
    for refund in seen {
        if refund.refund.is_none_or(|id| !booked.returned.contains_key(&id)) {
            kinds.push(Kind::RefundMissingInLog { refund: refund.id.clone(), amount: refund.amount.amount });
        }
    }
    kinds
}

#[cfg(test)]
mod tests;
