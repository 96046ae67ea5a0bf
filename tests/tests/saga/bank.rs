//! The payment provider's side, in memory: it holds, takes and gives back money as a provider does, and fails in every
//! way in which one can. What asks it is shipped code (`tillroll_payments::effects`).

use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tillroll_payments::effects::perform;
use tillroll_payments::provider::{
    Answer, Doubt, IdempotencyKey, Intent, IntentStatus, NewIntent, NewRefund, Page, Provider, RefundSeen, RefundStatus,
};
use tillroll_schemas::payment::{Ask, Call, IntentId, RecordReport};
use tillroll_schemas::{Currency, Money, PaymentId, RefundId};

/// Cards, by the provider's names for them.
pub const GOOD: &str = "pm_good";
pub const DECLINED: &str = "pm_declined";
pub const WANTS_ACTION: &str = "pm_wants_action";
pub const CANNOT_BE_CAPTURED: &str = "pm_cannot_be_captured";
pub const CANNOT_BE_REFUNDED: &str = "pm_cannot_be_refunded";

/// What goes wrong with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is not carried out, and nobody is told.
    Lost,
    /// It is carried out, and nobody is told.
    Cut,
}

/// Which calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Create,
    Confirm,
    Capture,
    Void,
    Refund,
    Look,
}

/// An account of one payment at the provider.
#[derive(Clone, Debug)]
struct Account {
    payment: PaymentId,
    card: String,
    amount: i64,
    status: IntentStatus,
    held: i64,
    taken: i64,
    refunds: BTreeMap<RefundId, i64>,
}

#[derive(Default)]
struct Books {
    accounts: BTreeMap<IntentId, Account>,
    /// The next calls of a kind fail like this, so many times.
    troubles: BTreeMap<Kind, (Trouble, u32)>,
}

/// The provider. Clones are the same.
#[derive(Clone, Default)]
pub struct Bank(Arc<Mutex<Books>>);

fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

impl Account {
    fn intent(&self, id: &IntentId) -> Intent {
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

    fn confirm(&mut self) {
        if self.status == IntentStatus::RequiresConfirmation {
            self.status = match self.card.as_str() {
                DECLINED => IntentStatus::RequiresPaymentMethod,
                WANTS_ACTION => IntentStatus::RequiresAction,
                _ => IntentStatus::RequiresCapture,
            };
            self.hold();
        }
    }

    fn hold(&mut self) {
        if self.status == IntentStatus::RequiresCapture {
            self.held = self.amount;
        }
    }
}

impl Bank {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    /// So many of the next calls of that kind go wrong.
    pub fn fails(&self, kind: Kind, trouble: Trouble, times: u32) {
        self.books().troubles.insert(kind, (trouble, times));
    }

    /// Nothing goes wrong any more.
    pub fn recovers(&self) {
        self.books().troubles.clear();
    }

    /// Carries out what an event of a payment asks for; none if nobody knows what came of it.
    pub fn call(&self, payment: PaymentId, call: &Call, ask: &Ask) -> Option<RecordReport> {
        perform(self, payment, call, ask).now_or_never().expect("nothing here waits")
    }

    /// What an intent's standing says, as a webhook does, if there is one.
    pub fn webhook(&self, payment: PaymentId) -> Option<RecordReport> {
        let books = self.books();
        let (id, account) = books.accounts.iter().find(|(_, account)| account.payment == payment)?;
        let report = tillroll_payments::effects::report_of(&account.intent(id))?;
        Some(RecordReport { intent: Some(id.clone()), report })
    }

    /// The customer authenticates himself, or fails to; after a decline he tries another card, if he still can.
    pub fn customer_acts(&self, payment: PaymentId, passes: bool) {
        let mut books = self.books();
        let waiting = |account: &&mut Account| {
            matches!(account.status, IntentStatus::RequiresAction | IntentStatus::RequiresPaymentMethod)
        };
        for account in books.accounts.values_mut().filter(|a| a.payment == payment).filter(waiting) {
            account.status = if passes { IntentStatus::RequiresCapture } else { IntentStatus::RequiresPaymentMethod };
            account.hold();
        }
    }

    /// Money of a payment that is held, and money that was taken and not given back.
    pub fn has(&self, payment: PaymentId) -> (i64, i64) {
        let books = self.books();
        let of = books.accounts.values().filter(|account| account.payment == payment);
        of.fold((0, 0), |(held, taken), account| {
            assert!(account.held >= 0 && account.taken <= account.amount, "{account:?}");
            let back: i64 = account.refunds.values().sum();
            assert!(back <= account.taken, "more went back than was taken: {account:?}");
            (held + account.held, taken + account.taken - back)
        })
    }

    /// All that is held, and all that was taken and not given back.
    pub fn total(&self) -> (i64, i64) {
        let payments: std::collections::BTreeSet<PaymentId> =
            self.books().accounts.values().map(|account| account.payment).collect();
        payments
            .into_iter()
            .map(|payment| self.has(payment))
            .fold((0, 0), |(h, t), (held, taken)| (h + held, t + taken))
    }

    /// Whether the call is carried out, and whether anybody is told.
    fn goes(&self, kind: Kind) -> (bool, bool) {
        let mut books = self.books();
        let Some((trouble, times)) = books.troubles.get_mut(&kind) else { return (true, true) };
        let trouble = *trouble;
        *times -= 1;
        if *times == 0 {
            books.troubles.remove(&kind);
        }
        (trouble == Trouble::Cut, false)
    }

    fn on_intent(
        &self,
        kind: Kind,
        id: &IntentId,
        change: impl FnOnce(&mut Account) -> Result<(), &'static str>,
    ) -> Answer<Intent> {
        let (done, told) = self.goes(kind);
        let mut books = self.books();
        let Some(account) = books.accounts.get_mut(id) else {
            return Answer::Refused { code: "resource_missing".to_owned(), seen: None };
        };
        let changed = if done { change(account) } else { Ok(()) };
        let seen = account.intent(id);
        match changed {
            _ if !told => Answer::Unknown(Doubt::TimedOut),
            Ok(()) => Answer::Done(seen),
            Err(code) => Answer::Refused { code: code.to_owned(), seen: Some(seen) },
        }
    }
}

impl Provider for Bank {
    async fn create(&self, _: &IdempotencyKey, new: &NewIntent) -> Answer<Intent> {
        let (done, told) = self.goes(Kind::Create);
        let id = IntentId(format!("pi_{}", new.payment));
        let account = Account {
            payment: new.payment,
            card: new.method_token.clone(),
            amount: new.amount.amount,
            status: IntentStatus::RequiresConfirmation,
            held: 0,
            taken: 0,
            refunds: BTreeMap::new(),
        };
        let seen = account.intent(&id);
        if done {
            self.books().accounts.entry(id).or_insert(account);
        }
        if told { Answer::Done(seen) } else { Answer::Unknown(Doubt::TimedOut) }
    }

    async fn confirm(&self, _: &IdempotencyKey, intent: &IntentId) -> Answer<Intent> {
        self.on_intent(Kind::Confirm, intent, |account| {
            account.confirm();
            if account.status == IntentStatus::Cancelled { Err("unexpected_state") } else { Ok(()) }
        })
    }

    async fn capture(&self, _: &IdempotencyKey, intent: &IntentId, amount: Money) -> Answer<Intent> {
        self.on_intent(Kind::Capture, intent, |account| match account.status {
            IntentStatus::RequiresCapture if account.card == CANNOT_BE_CAPTURED => Err("capture_refused"),
            IntentStatus::RequiresCapture => {
                (account.held, account.taken, account.status) = (0, amount.amount, IntentStatus::Succeeded);
                Ok(())
            }
            IntentStatus::Succeeded => Ok(()),
            _ => Err("unexpected_state"),
        })
    }

    async fn void(&self, _: &IdempotencyKey, intent: &IntentId) -> Answer<Intent> {
        self.on_intent(Kind::Void, intent, |account| match account.status {
            IntentStatus::Succeeded => Err("unexpected_state"),
            _ => {
                (account.held, account.status) = (0, IntentStatus::Cancelled);
                Ok(())
            }
        })
    }

    async fn refund(&self, _: &IdempotencyKey, new: &NewRefund) -> Answer<RefundSeen> {
        let (done, told) = self.goes(Kind::Refund);
        let mut books = self.books();
        let Some(account) = books.accounts.get_mut(&new.intent) else {
            return Answer::Refused { code: "resource_missing".to_owned(), seen: None };
        };
        let back: i64 = account.refunds.values().sum();
        let known = account.refunds.contains_key(&new.refund);
        let refused = !known && (account.card == CANNOT_BE_REFUNDED || back + new.amount.amount > account.taken);
        if done && !refused {
            account.refunds.insert(new.refund, new.amount.amount);
        }
        if !told {
            return Answer::Unknown(Doubt::TimedOut);
        }
        if refused {
            return Answer::Refused { code: "charge_disputed".to_owned(), seen: None };
        }
        Answer::Done(seen_refund(account, &new.intent, new.refund, new.amount.amount))
    }

    async fn retrieve(&self, intent: &IntentId) -> Answer<Intent> {
        self.on_intent(Kind::Look, intent, |_| Ok(()))
    }

    async fn refunds(&self, intent: &IntentId) -> Answer<Vec<RefundSeen>> {
        let (_, told) = self.goes(Kind::Look);
        let books = self.books();
        let Some(account) = books.accounts.get(intent).filter(|_| told) else {
            return Answer::Unknown(Doubt::TimedOut);
        };
        let seen = |(refund, amount): (&RefundId, &i64)| seen_refund(account, intent, *refund, *amount);
        Answer::Done(account.refunds.iter().map(seen).collect())
    }

    async fn every_intent(&self, _: Option<&str>) -> Answer<Page<Intent>> {
        let items = self.books().accounts.iter().map(|(id, account)| account.intent(id)).collect();
        Answer::Done(Page { items, next: None })
    }

    async fn every_refund(&self, _: Option<&str>) -> Answer<Page<RefundSeen>> {
        let books = self.books();
        let of = |(id, account): (&IntentId, &Account)| -> Vec<RefundSeen> {
            account.refunds.iter().map(|(refund, amount)| seen_refund(account, id, *refund, *amount)).collect()
        };
        Answer::Done(Page { items: books.accounts.iter().flat_map(of).collect(), next: None })
    }
}

fn seen_refund(account: &Account, intent: &IntentId, refund: RefundId, amount: i64) -> RefundSeen {
    RefundSeen {
        id: format!("re_{refund}"),
        refund: Some(refund),
        payment: Some(account.payment),
        intent: Some(intent.clone()),
        amount: gbp(amount),
        status: RefundStatus::Succeeded,
    }
}
