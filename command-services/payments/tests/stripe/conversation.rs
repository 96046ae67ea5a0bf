//! All that the adapter ever asks of a provider, in the order in which payments ask it. What each answer says of the
//! request is asserted of every provider, what it says of the requests before only of one that remembers them.

use tillroll_payments::provider::stripe::Stripe;
use tillroll_payments::provider::{
    IdempotencyKey, Intent, IntentStatus, NewIntent, NewRefund, Page, Provider, RefundSeen, RefundStatus,
};
use tillroll_schemas::payment::IntentId;
use tillroll_schemas::{Currency, PaymentId, RefundId};
use uuid::Uuid;

use crate::server::Server;
use crate::shared::{PAYMENT as TAKEN, done, gbp};

const CALLED_OFF: PaymentId = PaymentId(Uuid::from_u128(8));

/// One payment is taken and given back in two parts, another is called off; then all is listed.
pub(crate) async fn money_is_held_taken_given_back_in_parts_or_let_go(server: &Server) {
    let talk = Talk { provider: server.adapter(), server };
    let taken = talk.makes(TAKEN).await;
    talk.holds_and_takes(&taken).await;
    let (first, second) = (talk.gives_back(&taken, 1).await, talk.gives_back(&taken, 2).await);
    talk.lists_what_went_back(&taken, &first, &second).await;
    let called_off = talk.makes(CALLED_OFF).await;
    talk.calls_off(&called_off).await;
    talk.lists_everything((&taken, &called_off), (&first, &second)).await;
}

struct Talk<'a> {
    provider: Stripe,
    server: &'a Server,
}

impl Talk<'_> {
    async fn makes(&self, payment: PaymentId) -> IntentId {
        let (method_token, reference) = ("pm_card_visa".into(), "order 1 & more".to_owned());
        let new = NewIntent { payment, amount: gbp(10_000), method_token, reference };
        let created = done(self.provider.create(&key(payment, "create"), &new).await);
        assert_eq!(created.capturable.currency, Currency::GBP);
        let again = done(self.provider.create(&key(payment, "create"), &new).await);
        self.remembers(|| {
            assert_eq!((created.payment, created.status), (Some(payment), IntentStatus::RequiresConfirmation));
            assert_eq!(created, again, "a repeat under its key is the same call");
        });
        let seen = self.looks_at(&created.id).await;
        self.remembers(|| assert_eq!(seen, created));
        created.id
    }

    async fn holds_and_takes(&self, intent: &IntentId) {
        let held = done(self.provider.confirm(&key(TAKEN, "confirm"), intent).await);
        assert_eq!(held.id, *intent);
        self.remembers(|| {
            assert_eq!((held.status, held.capturable), (IntentStatus::RequiresCapture, gbp(10_000)));
        });
        for _ in 0..2 {
            let taken = done(self.provider.capture(&key(TAKEN, "capture"), intent, gbp(8_000)).await);
            assert_eq!(taken.id, *intent);
            self.remembers(|| {
                let (received, left) = (taken.received, taken.capturable);
                assert_eq!((taken.status, received, left), (IntentStatus::Succeeded, gbp(8_000), gbp(0)));
            });
        }
        let seen = self.looks_at(intent).await;
        self.remembers(|| assert_eq!((seen.status, seen.received), (IntentStatus::Succeeded, gbp(8_000))));
    }

    /// Twice under one key, which is once.
    async fn gives_back(&self, intent: &IntentId, number: u128) -> RefundSeen {
        let refund = RefundId(Uuid::from_u128(number));
        let new = NewRefund { payment: TAKEN, intent: intent.clone(), refund, amount: gbp(3_000) };
        let key = key(TAKEN, &format!("refund/{number}"));
        let given_back = done(self.provider.refund(&key, &new).await);
        assert_eq!(given_back.amount.amount, 3_000);
        let again = done(self.provider.refund(&key, &new).await);
        self.remembers(|| {
            assert_eq!((given_back.amount, given_back.status.clone()), (gbp(3_000), RefundStatus::Succeeded));
            assert_eq!((given_back.refund, given_back.payment), (Some(refund), Some(TAKEN)));
            assert_eq!(given_back.intent.as_ref(), Some(intent));
            assert_eq!(given_back, again, "a repeat under its key is the same call");
        });
        given_back
    }

    async fn lists_what_went_back(&self, intent: &IntentId, first: &RefundSeen, second: &RefundSeen) {
        let refunds = done(self.provider.refunds(intent).await);
        assert!(!refunds.is_empty());
        self.remembers(|| assert_eq!(refunds, [second.clone(), first.clone()], "the newest first"));
    }

    async fn calls_off(&self, intent: &IntentId) {
        done(self.provider.confirm(&key(CALLED_OFF, "confirm"), intent).await);
        let over = done(self.provider.void(&key(CALLED_OFF, "void"), intent).await);
        assert_eq!(over.id, *intent);
        self.remembers(|| assert_eq!((over.status, over.capturable), (IntentStatus::Cancelled, gbp(0))));
        let seen = self.looks_at(intent).await;
        self.remembers(|| assert_eq!(seen, over));
    }

    async fn lists_everything(&self, intents: (&IntentId, &IntentId), refunds: (&RefundSeen, &RefundSeen)) {
        let (older, newer) = intents;
        for (after, expected) in [(None, vec![newer, older]), (Some(newer.as_str()), vec![older])] {
            let page: Page<Intent> = done(self.provider.every_intent(after).await);
            assert!(!page.items.is_empty());
            let listed: Vec<&IntentId> = page.items.iter().map(|intent| &intent.id).collect();
            self.remembers(|| assert_eq!((listed, page.next.as_ref()), (expected, None)));
        }
        let (older, newer) = refunds;
        for (after, expected) in [(None, vec![newer, older]), (Some(newer.id.as_str()), vec![older])] {
            let page = done(self.provider.every_refund(after).await);
            assert!(!page.items.is_empty());
            let listed: Vec<&RefundSeen> = page.items.iter().collect();
            self.remembers(|| assert_eq!((listed, page.next.as_ref()), (expected, None)));
        }
    }

    async fn looks_at(&self, intent: &IntentId) -> Intent {
        let seen = done(self.provider.retrieve(intent).await);
        assert_eq!(seen.id, *intent);
        seen
    }

    fn remembers(&self, assert: impl FnOnce()) {
        self.server.remembers(|_| assert());
    }
}

fn key(payment: PaymentId, call: &str) -> IdempotencyKey {
    IdempotencyKey::new(format_args!("{payment}/{call}"))
}
