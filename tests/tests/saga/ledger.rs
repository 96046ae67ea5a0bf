//! The provider's books: what it holds, has taken and given back, what it answered under which key, what it still has to
//! tell, and what it will do late.

use crate::bank::{CANNOT_BE_CAPTURED, CANNOT_BE_REFUNDED, DECLINED, SENT_BACK, WANTS_ACTION};
use std::collections::BTreeMap;
use tillroll_payments::effects::{refund_report, report_of};
use tillroll_payments::provider::{
    Answer, Doubt, IdempotencyKey, Intent, IntentStatus, NewIntent, NewRefund, RefundSeen, RefundStatus,
};
use tillroll_schemas::payment::{IntentId, RecordReport, Report};
use tillroll_schemas::{Currency, Money, PaymentId};

/// What a call changes.
#[derive(Clone, Debug)]
pub enum Deed {
    Create(NewIntent),
    Confirm(IntentId),
    Capture(IntentId, Money),
    Void(IntentId),
    Refund(NewRefund),
}

/// What it is answered. It is the same for ever under one key.
#[derive(Clone, Debug)]
pub enum Reply {
    Intent(Answer<Intent>),
    Refund(Answer<RefundSeen>),
}

impl Reply {
    pub fn intent(self) -> Answer<Intent> {
        match self {
            Self::Intent(answer) => answer,
            Self::Refund(other) => panic!("of an intent: {other:?}"),
        }
    }

    pub fn refund(self) -> Answer<RefundSeen> {
        match self {
            Self::Refund(answer) => answer,
            Self::Intent(other) => panic!("of a refund: {other:?}"),
        }
    }
}

/// An account of one payment at the provider.
#[derive(Clone, Debug)]
pub struct Account {
    pub payment: PaymentId,
    card: String,
    pub amount: i64,
    status: IntentStatus,
    pub held: i64,
    pub taken: i64,
    /// Whoever asks for the same refund under two keys gets it twice.
    refunds: Vec<RefundSeen>,
}

/// A webhook, as things stood when it was written.
#[derive(Clone, Debug)]
pub struct Notice {
    pub nth: u64,
    pub payment: PaymentId,
    pub report: RecordReport,
}

/// Everything.
#[derive(Default)]
pub struct Books {
    pub accounts: BTreeMap<IntentId, Account>,
    answers: BTreeMap<String, Reply>,
    pub notices: Vec<Notice>,
    told: u64,
    pub late: Vec<(IdempotencyKey, Deed)>,
}

impl Notice {
    /// Whether money came back: nobody else tells that, so the provider repeats it until it is taken.
    pub fn is_of_refusal(&self) -> bool {
        matches!(self.report.report, Report::RefundRefused { .. })
    }
}

fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

impl Account {
    fn new(new: &NewIntent) -> Self {
        Self {
            payment: new.payment,
            card: new.method_token.0.clone(),
            amount: new.amount.amount,
            status: IntentStatus::RequiresConfirmation,
            held: 0,
            taken: 0,
            refunds: Vec::new(),
        }
    }

    pub fn intent(&self, id: &IntentId) -> Intent {
        let declined = matches!(self.status, IntentStatus::RequiresPaymentMethod).then(|| "card_declined".to_owned());
        Intent {
            id: id.clone(),
            payment: Some(self.payment),
            status: self.status,
            capturable: gbp(self.held),
            received: gbp(self.taken),
            declined,
            action: None,
        }
    }

    pub fn refunds(&self) -> &[RefundSeen] {
        &self.refunds
    }

    /// What went back.
    pub fn back(&self) -> i64 {
        let arrived = self.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
        arrived.map(|refund| refund.amount.amount).sum()
    }

    fn is(&mut self, status: IntentStatus) {
        self.status = status;
        self.held = if status == IntentStatus::RequiresCapture { self.amount } else { 0 };
    }

    fn confirm(&mut self) -> Result<(), &'static str> {
        match (self.status, self.card.as_str()) {
            (IntentStatus::RequiresConfirmation, DECLINED) => self.is(IntentStatus::RequiresPaymentMethod),
            (IntentStatus::RequiresConfirmation, WANTS_ACTION) => self.is(IntentStatus::RequiresAction),
            (IntentStatus::RequiresConfirmation, _) => self.is(IntentStatus::RequiresCapture),
            (IntentStatus::Cancelled, _) => return Err("unexpected_state"),
            _ => {}
        }
        Ok(())
    }

    fn capture(&mut self, amount: Money) -> Result<(), &'static str> {
        match self.status {
            IntentStatus::RequiresCapture if self.card == CANNOT_BE_CAPTURED => return Err("capture_refused"),
            IntentStatus::RequiresCapture => {
                self.is(IntentStatus::Succeeded);
                self.taken = amount.amount;
            }
            IntentStatus::Succeeded => {}
            _ => return Err("unexpected_state"),
        }
        Ok(())
    }

    fn void(&mut self) -> Result<(), &'static str> {
        if self.status == IntentStatus::Succeeded {
            return Err("unexpected_state");
        }
        self.is(IntentStatus::Cancelled);
        Ok(())
    }

    /// The customer authenticates himself, or fails to; after a decline he tries another card, if he still can.
    fn acts(&mut self, passes: bool) -> bool {
        let waits = matches!(self.status, IntentStatus::RequiresAction | IntentStatus::RequiresPaymentMethod);
        if waits {
            self.is(if passes { IntentStatus::RequiresCapture } else { IntentStatus::RequiresPaymentMethod });
        }
        waits
    }

    fn give_back(&mut self, new: &NewRefund, nth: usize) -> Option<RefundSeen> {
        if self.card == CANNOT_BE_REFUNDED || self.back() + new.amount.amount > self.taken {
            return None;
        }
        let seen = RefundSeen {
            id: format!("re_{}_{nth}", new.refund),
            refund: Some(new.refund),
            payment: Some(self.payment),
            intent: Some(new.intent.clone()),
            amount: new.amount,
            status: RefundStatus::Succeeded,
        };
        self.refunds.push(seen.clone());
        Some(seen)
    }
}

impl Books {
    /// Carries out what is asked under this key, once.
    pub fn carry_out(&mut self, key: &IdempotencyKey, deed: &Deed) -> Reply {
        if let Some(reply) = self.answers.get(key.as_str()) {
            return reply.clone();
        }
        let reply = self.change(deed);
        self.answers.insert(key.as_str().to_owned(), reply.clone());
        reply
    }

    /// The same, but what is kept under the key for ever is a fault.
    pub fn carry_out_and_fail(&mut self, key: &IdempotencyKey, deed: &Deed) -> Doubt {
        if !self.answers.contains_key(key.as_str()) {
            let fault = match self.change(deed) {
                Reply::Intent(_) => Reply::Intent(Answer::Unknown(Doubt::ServerFault)),
                Reply::Refund(_) => Reply::Refund(Answer::Unknown(Doubt::ServerFault)),
            };
            self.answers.insert(key.as_str().to_owned(), fault);
        }
        Doubt::ServerFault
    }

    fn change(&mut self, deed: &Deed) -> Reply {
        match deed {
            Deed::Create(new) => {
                let id = IntentId(format!("pi_{}_{}", new.payment, self.accounts.len()));
                let account = Account::new(new);
                let seen = account.intent(&id);
                self.accounts.insert(id.clone(), account);
                self.tells_of(&id);
                Reply::Intent(Answer::Done(seen))
            }
            Deed::Confirm(intent) => self.on_intent(intent, Account::confirm),
            Deed::Capture(intent, amount) => self.on_intent(intent, |account| account.capture(*amount)),
            Deed::Void(intent) => self.on_intent(intent, Account::void),
            Deed::Refund(new) => Reply::Refund(self.give_back(new)),
        }
    }

    fn on_intent(&mut self, id: &IntentId, change: impl FnOnce(&mut Account) -> Result<(), &'static str>) -> Reply {
        let Some(account) = self.accounts.get_mut(id) else {
            return Reply::Intent(Answer::Refused { code: "resource_missing".to_owned(), seen: None });
        };
        let before = account.status;
        let changed = change(account);
        let (seen, is_news) = (account.intent(id), account.status != before);
        if is_news {
            self.tells_of(id);
        }
        Reply::Intent(match changed {
            Ok(()) => Answer::Done(seen),
            Err(code) => Answer::Refused { code: code.to_owned(), seen: Some(seen) },
        })
    }

    fn give_back(&mut self, new: &NewRefund) -> Answer<RefundSeen> {
        let nth = self.answers.len();
        let Some(account) = self.accounts.get_mut(&new.intent) else {
            return Answer::Refused { code: "resource_missing".to_owned(), seen: None };
        };
        let payment = account.payment;
        let Some(seen) = account.give_back(new, nth) else {
            return Answer::Refused { code: "charge_disputed".to_owned(), seen: None };
        };
        let report = refund_report(new.refund, &seen);
        self.tells(payment, RecordReport { intent: Some(new.intent.clone()), report });
        Answer::Done(seen)
    }

    /// The customer of that payment acts, on every account that it has.
    pub fn customer_acts(&mut self, payment: PaymentId, passes: bool) {
        let of_it = |(id, account): (&IntentId, &mut Account)| {
            (account.payment == payment && account.acts(passes)).then(|| id.clone())
        };
        let acted: Vec<IntentId> = self.accounts.iter_mut().filter_map(of_it).collect();
        acted.iter().for_each(|id| self.tells_of(id));
    }

    /// The customer's bank sends money back that was given back: of all that has arrived the one of that number.
    pub fn sends_back(&mut self, of: Option<PaymentId>, nth: usize) -> bool {
        let accounts = self.accounts.iter_mut().filter(|(_, account)| of.is_none_or(|of| account.payment == of));
        let mut arrived: Vec<_> = accounts
            .flat_map(|(id, account)| account.refunds.iter_mut().map(|refund| (id.clone(), account.payment, refund)))
            .filter(|(.., refund)| refund.status == RefundStatus::Succeeded)
            .collect();
        let Some(nth) = nth.checked_rem(arrived.len()) else { return false };
        let (id, payment, refund) = arrived.swap_remove(nth);
        refund.status = RefundStatus::Failed { code: SENT_BACK.to_owned() };
        let report = refund_report(refund.refund.unwrap(), refund);
        self.tells(payment, RecordReport { intent: Some(id), report });
        true
    }

    fn tells_of(&mut self, id: &IntentId) {
        let account = &self.accounts[id];
        let payment = account.payment;
        if let Some(report) = report_of(&account.intent(id)) {
            self.tells(payment, RecordReport { intent: Some(id.clone()), report });
        }
    }

    fn tells(&mut self, payment: PaymentId, report: RecordReport) {
        self.told += 1;
        self.notices.push(Notice { nth: self.told, payment, report });
    }
}
