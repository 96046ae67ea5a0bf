//! The payment provider's side, in memory: it fails in every way in which one can. What asks it is shipped code
//! (`tillroll_payments::effects`).

use crate::ledger::{Account, Books, Deed, Notice, Reply};
use futures_util::FutureExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tillroll_payments::effects::{perform, report_of};
use tillroll_payments::provider::{
    Answer, Doubt, IdempotencyKey, Intent, NewIntent, NewRefund, Page, Provider, RefundSeen,
};
use tillroll_schemas::payment::{Ask, Call, IntentId, RecordReport};
use tillroll_schemas::{Money, PaymentId};

/// Cards, by the provider's names for them.
pub const GOOD: &str = "pm_good";
pub const DECLINED: &str = "pm_declined";
pub const WANTS_ACTION: &str = "pm_wants_action";
pub const CANNOT_BE_CAPTURED: &str = "pm_cannot_be_captured";
pub const CANNOT_BE_REFUNDED: &str = "pm_cannot_be_refunded";

/// Why the customer's bank sends money back.
pub const SENT_BACK: &str = "lost_or_stolen_card";

/// What goes wrong with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is not carried out, and nobody is told.
    Lost,
    /// It is carried out, and nobody is told.
    Cut,
    /// It is carried out when nobody waits for it any more.
    Late,
    /// It is carried out and answered with 500: for ever, under its key.
    Fault,
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

#[derive(Default)]
struct Inner {
    books: Books,
    /// The next calls of a kind fail like this, so many times.
    troubles: BTreeMap<Kind, (Trouble, u32)>,
}

/// The provider. Clones are the same.
#[derive(Clone, Default)]
pub struct Bank(Arc<Mutex<Inner>>);

impl Bank {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// So many of the next calls of that kind go wrong.
    pub fn fails(&self, kind: Kind, trouble: Trouble, times: u32) {
        self.inner().troubles.insert(kind, (trouble, times));
    }

    /// Nothing goes wrong any more, and nothing is left to be done late.
    pub fn recovers(&self) {
        self.inner().troubles.clear();
        while self.does_late(0) {}
    }

    /// What came first of what is left to be done late, or what came after that, is done; whether there was any.
    pub fn does_late(&self, nth: usize) -> bool {
        let books = &mut self.inner().books;
        if books.late.is_empty() {
            return false;
        }
        let nth = nth % books.late.len();
        let (key, deed) = books.late.remove(nth);
        books.carry_out(&key, &deed);
        true
    }

    /// A webhook that was not delivered yet, out of turn.
    pub fn takes_notice(&self, nth: usize) -> Option<Notice> {
        let notices = &mut self.inner().books.notices;
        let nth = nth.checked_rem(notices.len())?;
        Some(notices.remove(nth))
    }

    /// It was not taken, or is to be delivered twice.
    pub fn gives_notice(&self, notice: Notice) {
        self.inner().books.notices.push(notice);
    }

    /// Carries out what an event of a payment asks for; none if nobody knows what came of it.
    pub fn call(&self, payment: PaymentId, call: &Call, ask: &Ask) -> Option<RecordReport> {
        perform(self, payment, call, ask).now_or_never().expect("nothing here waits")
    }

    /// What an intent's standing says, as a webhook does, if there is one.
    pub fn webhook(&self, payment: PaymentId) -> Option<RecordReport> {
        let inner = self.inner();
        let (id, account) = inner.books.accounts.iter().find(|(_, account)| account.payment == payment)?;
        Some(RecordReport { intent: Some(id.clone()), report: report_of(&account.intent(id))? })
    }

    /// The customer authenticates himself, or fails to; after a decline he tries another card, if he still can.
    pub fn customer_acts(&self, payment: PaymentId, passes: bool) {
        self.inner().books.customer_acts(payment, passes);
    }

    /// The customer's bank sends back what had arrived: of that payment or any, the refund of that number; whether there
    /// was one.
    pub fn sends_back(&self, of: Option<PaymentId>, nth: usize) -> bool {
        self.inner().books.sends_back(of, nth)
    }

    /// Money of a payment that is held, and money that was taken and not given back.
    pub fn has(&self, payment: PaymentId) -> (i64, i64) {
        let inner = self.inner();
        let of = inner.books.accounts.values().filter(|account| account.payment == payment);
        of.fold((0, 0), |(held, taken), account| {
            assert!(account.held >= 0 && account.taken <= account.amount, "{account:?}");
            assert!(account.back() <= account.taken, "more went back than was taken: {account:?}");
            (held + account.held, taken + account.taken - account.back())
        })
    }

    /// Everybody who ever paid, or was to.
    pub fn payments(&self) -> BTreeSet<PaymentId> {
        self.inner().books.accounts.values().map(|account| account.payment).collect()
    }

    /// All that is held, and all that was taken and not given back.
    pub fn total(&self) -> (i64, i64) {
        let each = self.payments().into_iter().map(|payment| self.has(payment));
        each.fold((0, 0), |(h, t), (held, taken)| (h + held, t + taken))
    }

    /// How the next call of that kind goes wrong, if it does.
    fn strikes(&self, kind: Kind) -> Option<Trouble> {
        let mut inner = self.inner();
        let (trouble, times) = inner.troubles.get_mut(&kind)?;
        let trouble = *trouble;
        *times -= 1;
        if *times == 0 {
            inner.troubles.remove(&kind);
        }
        Some(trouble)
    }

    /// Makes the change; the answer, unless nobody is told.
    fn asked(&self, kind: Kind, key: &IdempotencyKey, deed: Deed) -> Result<Reply, Doubt> {
        let trouble = self.strikes(kind);
        let books = &mut self.inner().books;
        match trouble {
            None => return Ok(books.carry_out(key, &deed)),
            Some(Trouble::Lost) => {}
            Some(Trouble::Cut) => drop(books.carry_out(key, &deed)),
            Some(Trouble::Late) => books.late.push((key.clone(), deed)),
            Some(Trouble::Fault) => return Err(books.carry_out_and_fail(key, &deed)),
        }
        Err(Doubt::TimedOut)
    }

    fn asked_of_intent(&self, kind: Kind, key: &IdempotencyKey, deed: Deed) -> Answer<Intent> {
        self.asked(kind, key, deed).map_or_else(Answer::Unknown, Reply::intent)
    }

    /// What can be seen, unless nobody is told.
    fn looked<T>(&self, id: &IntentId, seen: impl FnOnce(&Account) -> T) -> Answer<T> {
        if self.strikes(Kind::Look).is_some() {
            return Answer::Unknown(Doubt::TimedOut);
        }
        match self.inner().books.accounts.get(id) {
            Some(account) => Answer::Done(seen(account)),
            None => Answer::Refused { code: "resource_missing".to_owned(), seen: None },
        }
    }
}

impl Provider for Bank {
    async fn create(&self, key: &IdempotencyKey, new: &NewIntent) -> Answer<Intent> {
        self.asked_of_intent(Kind::Create, key, Deed::Create(new.clone()))
    }

    async fn confirm(&self, key: &IdempotencyKey, intent: &IntentId) -> Answer<Intent> {
        self.asked_of_intent(Kind::Confirm, key, Deed::Confirm(intent.clone()))
    }

    async fn capture(&self, key: &IdempotencyKey, intent: &IntentId, amount: Money) -> Answer<Intent> {
        self.asked_of_intent(Kind::Capture, key, Deed::Capture(intent.clone(), amount))
    }

    async fn void(&self, key: &IdempotencyKey, intent: &IntentId) -> Answer<Intent> {
        self.asked_of_intent(Kind::Void, key, Deed::Void(intent.clone()))
    }

    async fn refund(&self, key: &IdempotencyKey, new: &NewRefund) -> Answer<RefundSeen> {
        self.asked(Kind::Refund, key, Deed::Refund(new.clone())).map_or_else(Answer::Unknown, Reply::refund)
    }

    async fn retrieve(&self, intent: &IntentId) -> Answer<Intent> {
        self.looked(intent, |account| account.intent(intent))
    }

    async fn refunds(&self, intent: &IntentId) -> Answer<Vec<RefundSeen>> {
        self.looked(intent, |account| account.refunds().iter().rev().cloned().collect())
    }

    async fn every_intent(&self, _: Option<&str>) -> Answer<Page<Intent>> {
        let items = self.inner().books.accounts.iter().map(|(id, account)| account.intent(id)).collect();
        Answer::Done(Page { items, next: None })
    }

    async fn every_refund(&self, _: Option<&str>) -> Answer<Page<RefundSeen>> {
        let inner = self.inner();
        let items = inner.books.accounts.values().flat_map(|account| account.refunds().to_vec()).collect();
        Answer::Done(Page { items, next: None })
    }
}
