//! A payment, its effects, the adapter and the sandbox together: whatever goes wrong on the way, the payment comes to
//! the right end, and the sandbox holds what the payment says.

mod customers;

use super::*;
use crate::payment::Life;
use crate::provider::stripe::Stripe;
use crate::provider::stripe::tests::{Shop, gbp, impatient_shop, shop};
use crate::sandbox::{Fault, Misbehaviour, Operation};
use crate::webhook::{SIGNATURE_HEADER, WebhookSecret, notice, verify};
use tillroll_log::{Aggregate, Body, Timestamp};
use tillroll_schemas::OrderId;
use tillroll_schemas::payment::{CapturePayment, RefundPayment, RequestPayment, RetryCall, VoidPayment, payment_of};
use uuid::Uuid;

const ORDER: OrderId = OrderId(Uuid::from_u128(1));

/// What the event's effect tells the payment.
async fn effect(stripe: &Stripe, event: &PaymentEvent) -> Vec<Outgoing> {
    let Some((call, ask)) = event.call() else { return Vec::new() };
    told(stripe, payment_of(ORDER), &call, &ask).await.expect("a report that can be written")
}

/// A payment at work; time passes when nothing else happens.
struct Till {
    shop: Shop,
    state: PaymentState,
    now: Timestamp,
}

impl Till {
    async fn new() -> Self {
        Self::of(shop().await)
    }

    /// One whose provider is late, or does not answer at all, if it misbehaves so.
    async fn facing(misbehaviour: Misbehaviour) -> Self {
        match misbehaviour {
            Misbehaviour::NeverAnswer | Misbehaviour::AnswerLate => Self::of(impatient_shop().await),
            _ => Self::new().await,
        }
    }

    fn of(shop: Shop) -> Self {
        Self { shop, state: PaymentState::default(), now: Timestamp::UNIX_EPOCH }
    }

    fn goes_wrong(&self, on: Option<Operation>, misbehaviour: Misbehaviour, times: u32) {
        self.shop.sandbox.misbehave(Fault { on, misbehaviour, times, payment: None });
    }

    fn decides(&mut self, command: PaymentCommand) -> Option<PaymentEvent> {
        let event = Payment::decide(&self.state, &command, self.now).expect("no refusal")?;
        self.state = Payment::evolve(std::mem::take(&mut self.state), &event);
        Some(event)
    }

    /// The command, and all that comes of it at once.
    async fn asks(&mut self, command: impl Into<PaymentCommand>) {
        let mut next = Some(command.into());
        while let Some(command) = next.take() {
            let Some(event) = self.decides(command) else { return };
            let told = effect(&self.shop.stripe, &event).await;
            next = told.first().map(|told| PaymentCommand::decode(told.type_name, &told.value).unwrap());
        }
    }

    /// The command, and all that comes of it while time passes.
    async fn asks_and_waits(&mut self, command: impl Into<PaymentCommand>) {
        self.asks(command).await;
        while let Some(deadline) = Payment::deadline(&self.state) {
            self.now = self.now.max(deadline);
            self.asks(Payment::on_deadline(deadline).unwrap()).await;
        }
    }

    fn holds(&self) -> (i64, i64, i64) {
        let holdings = self.shop.sandbox.holdings();
        let sum = |of: fn(&crate::sandbox::Holding) -> i64| holdings.iter().map(of).sum();
        (sum(|holding| holding.held), sum(|holding| holding.received), sum(|holding| holding.refunded))
    }

    fn stuck(&self) -> bool {
        self.state.life.waits().any(|(_, wait)| wait.stuck().is_some())
    }
}

fn request(card: &str) -> RequestPayment {
    let minutes = |n| Timestamp::UNIX_EPOCH + chrono::TimeDelta::minutes(n);
    RequestPayment {
        order_id: ORDER,
        user_id: None,
        amount: gbp(10_000),
        method_token: card.into(),
        reference: "order 1".to_owned(),
        answer_by: minutes(2),
        action_by: minutes(10),
    }
}

fn capture() -> CapturePayment {
    CapturePayment { order_id: ORDER, amount: gbp(10_000) }
}

fn void() -> VoidPayment {
    VoidPayment { order_id: ORDER, reason: "cancelled".to_owned() }
}

fn refund(n: u128) -> RefundPayment {
    let refund_id = RefundId(Uuid::from_u128(n));
    RefundPayment { order_id: ORDER, refund_id, amount: gbp(4_000), reason: "broken".to_owned() }
}

const EVERY: [Misbehaviour; 6] = [
    Misbehaviour::ErrorBefore,
    Misbehaviour::ErrorAfter,
    Misbehaviour::NeverAnswer,
    Misbehaviour::AnswerLate,
    Misbehaviour::Cut,
    Misbehaviour::TooMany,
];

#[tokio::test]
async fn a_call_that_goes_wrong_once_changes_nothing_in_the_end() {
    let operations = [Operation::Create, Operation::Confirm, Operation::Capture, Operation::Refund];
    for (operation, misbehaviour) in operations.into_iter().flat_map(|on| EVERY.map(|how| (on, how))) {
        let mut till = Till::facing(misbehaviour).await;
        till.goes_wrong(Some(operation), misbehaviour, 1);
        till.asks_and_waits(request("pm_card_visa")).await;
        if (operation, misbehaviour) == (Operation::Create, Misbehaviour::ErrorAfter) {
            // The fault is kept under the key for ever: nobody learns the id, so nobody confirms it.
            assert!(matches!(till.state.life, Life::Declined(_, None, _)), "{:?}", till.state);
            assert_eq!(till.holds(), (0, 0, 0));
            continue;
        }
        till.asks_and_waits(capture()).await;
        till.asks_and_waits(refund(1)).await;
        till.asks_and_waits(refund(2)).await;
        till.shop.catches_up().await;
        assert_eq!(till.holds(), (0, 10_000, 8_000), "{operation:?} {misbehaviour:?}");
        let Life::Captured(taken) = &till.state.life else {
            panic!("{operation:?} {misbehaviour:?}: {:?}", till.state)
        };
        assert_eq!((taken.refunded(), till.shop.sandbox.holdings().len()), (gbp(8_000), 1));
    }
}

#[tokio::test]
async fn a_void_that_goes_wrong_once_lets_go_in_the_end() {
    for misbehaviour in EVERY {
        let mut till = Till::facing(misbehaviour).await;
        till.asks_and_waits(request("pm_card_visa")).await;
        assert_eq!(till.holds(), (10_000, 0, 0));
        till.goes_wrong(Some(Operation::Cancel), misbehaviour, 1);
        till.asks_and_waits(void()).await;
        till.shop.catches_up().await;
        assert!(matches!(till.state.life, Life::Voided(_)), "{misbehaviour:?}");
        assert_eq!(till.holds(), (0, 0, 0), "{misbehaviour:?}");
    }
}

#[tokio::test]
async fn cards_that_do_not_pay_hold_nothing() {
    for (card, code) in [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_nonsense", "resource_missing"),
        ("pm_sandbox_holds_less", "authorised_other_amount"),
        ("pm_card_threeDSecure2Required", "action_overdue"),
        ("pm_sandbox_faulty", "provider_unavailable"),
    ] {
        let mut till = Till::new().await;
        till.asks_and_waits(request(card)).await;
        assert!(matches!(&till.state.life, Life::Declined(_, _, why) if why == code), "{card}: {:?}", till.state);
        assert_eq!(till.holds(), (0, 0, 0), "{card}");
    }
}

#[tokio::test]
async fn cards_that_answer_late_or_never_pay() {
    for card in ["pm_sandbox_never_answers", "pm_sandbox_answers_late", "pm_sandbox_told_twice"] {
        let mut till = Till::of(impatient_shop().await);
        till.asks_and_waits(request(card)).await;
        till.shop.catches_up().await;
        assert!(matches!(till.state.life, Life::Authorised(_)), "{card}: {:?}", till.state);
        assert_eq!(till.holds(), (10_000, 0, 0), "{card}");
    }
}

#[tokio::test]
async fn a_confirmation_that_is_done_after_the_void_holds_nothing() {
    let mut till = Till::facing(Misbehaviour::AnswerLate).await;
    till.goes_wrong(Some(Operation::Confirm), Misbehaviour::AnswerLate, 1);
    till.asks(request("pm_card_visa")).await;
    till.asks(void()).await;
    assert!(matches!(till.state.life, Life::Voided(_)));
    till.shop.catches_up().await;
    assert_eq!(till.holds(), (0, 0, 0));
}

#[tokio::test]
async fn what_the_provider_refuses_to_take_or_return_is_told() {
    let mut till = Till::new().await;
    till.asks_and_waits(request("pm_sandbox_cannot_be_captured")).await;
    till.asks_and_waits(capture()).await;
    assert!(matches!(till.state.life, Life::Authorised(_)), "{:?}", till.state);
    till.asks_and_waits(void()).await;
    assert_eq!(till.holds(), (0, 0, 0));

    let mut till = Till::new().await;
    till.asks_and_waits(request("pm_sandbox_cannot_be_refunded")).await;
    till.asks_and_waits(capture()).await;
    till.asks_and_waits(refund(1)).await;
    assert!(matches!(&till.state.life, Life::Captured(taken) if taken.left() == gbp(10_000)), "{:?}", till.state);
}

#[tokio::test]
async fn a_provider_that_stays_away_leaves_money_stuck_until_an_operator_tries_again() {
    let mut till = Till::new().await;
    till.asks_and_waits(request("pm_card_visa")).await;
    till.goes_wrong(None, Misbehaviour::ErrorBefore, 1_000);
    till.asks_and_waits(void()).await;
    assert!(till.stuck());
    till.shop.sandbox.behave();
    till.asks_and_waits(RetryCall { reason: None }).await;
    assert!(matches!(till.state.life, Life::Voided(_)));
    assert_eq!(till.holds(), (0, 0, 0));
}

#[tokio::test]
async fn a_refund_that_was_done_and_answered_with_a_fault_is_not_done_twice_by_an_operator() {
    let mut till = Till::new().await;
    till.asks_and_waits(request("pm_card_visa")).await;
    till.asks_and_waits(capture()).await;
    till.goes_wrong(Some(Operation::Refund), Misbehaviour::ErrorAfter, 1);
    till.goes_wrong(Some(Operation::Retrieve), Misbehaviour::ErrorBefore, 1_000);
    till.asks_and_waits(refund(1)).await;
    assert!(till.stuck());
    till.shop.sandbox.behave();
    till.asks_and_waits(RetryCall { reason: None }).await;
    assert_eq!(till.holds(), (0, 10_000, 4_000));
    assert!(!till.stuck());
}

#[tokio::test]
async fn an_effect_that_is_run_again_has_one_effect() {
    let till = Till::new().await;
    let ask = Ask { nth: 1, attempt: 0, round: 0, repeat_at: till.now };
    let (method_token, reference) = ("pm_card_visa".into(), "1".to_owned());
    let create = Call::Create { amount: gbp(10_000), method_token, reference };
    let payment = payment_of(ORDER);
    let intent = perform(&till.shop.stripe, payment, &create, &ask).await.and_then(|said| said.intent).unwrap();
    assert_eq!(perform(&till.shop.stripe, payment, &create, &ask).await.unwrap().intent, Some(intent.clone()));
    let calls = [
        Call::Confirm { intent: intent.clone() },
        Call::Capture { intent: intent.clone(), amount: gbp(9_000) },
        Call::Refund { intent, refund_id: RefundId(Uuid::from_u128(1)), amount: gbp(4_000) },
    ];
    for (nth, call) in (2..).zip(&calls) {
        let ask = Ask { nth, ..ask };
        let once = perform(&till.shop.stripe, payment, call, &ask).await;
        assert!(once.is_some());
        assert_eq!(perform(&till.shop.stripe, payment, call, &ask).await, once);
    }
    assert_eq!(till.holds(), (0, 9_000, 4_000));
}

/// The commands of the webhooks since the last time, as they come in: signed, checked and read.
fn webhooks(till: &Till) -> Vec<PaymentCommand> {
    let secret = WebhookSecret::new("whsec_test").unwrap();
    let read = |body: serde_json::Value| {
        let body = body.to_string();
        let header = secret.sign(1_000, body.as_bytes());
        verify(&header, body.as_bytes(), std::slice::from_ref(&secret), 1_010).expect(SIGNATURE_HEADER);
        notice(body.as_bytes()).unwrap().map(|notice| {
            assert_eq!(notice.payment, payment_of(ORDER));
            notice.command
        })
    };
    till.shop.sandbox.take_webhooks().into_iter().filter_map(read).collect()
}

#[tokio::test]
async fn webhooks_that_come_late_twice_and_backwards_change_nothing() {
    let mut till = Till::new().await;
    till.asks_and_waits(request("pm_sandbox_told_twice")).await;
    till.asks_and_waits(capture()).await;
    till.asks_and_waits(refund(1)).await;
    let before = till.state.clone();
    let told = webhooks(&till);
    assert_eq!(told.len(), 8);
    for command in told.into_iter().rev() {
        assert_eq!(till.decides(command), None);
    }
    assert_eq!(till.state, before);
}

#[tokio::test]
async fn webhooks_alone_carry_a_payment_on_when_every_answer_is_lost() {
    let mut till = Till::new().await;
    let mut next = vec![PaymentCommand::from(request("pm_card_visa"))];
    for step in 0..3 {
        for command in std::mem::take(&mut next) {
            if let Some(event) = till.decides(command) {
                effect(&till.shop.stripe, &event).await;
            }
        }
        next = webhooks(&till);
        assert!(step == 2 || !next.is_empty());
    }
    assert!(matches!(till.state.life, Life::Authorised(_)), "{:?}", till.state);
}

#[tokio::test]
async fn a_refund_that_is_asked_for_again_after_its_key_was_forgotten_is_made_once() {
    let mut till = Till::new().await;
    till.asks_and_waits(request("pm_card_visa")).await;
    till.asks_and_waits(capture()).await;
    let asked = till.decides(refund(1).into()).unwrap();
    for _ in 0..2 {
        assert_eq!(effect(&till.shop.stripe, &asked).await.len(), 1);
        till.shop.sandbox.forget_keys();
    }
    assert_eq!(till.holds(), (0, 10_000, 4_000));
}

#[tokio::test]
async fn a_confirmation_that_another_build_made_before_is_no_decline() {
    let mut till = Till::new().await;
    till.decides(request("pm_card_visa").into()).unwrap();
    let intent = till.shop.stripe.create(&IdempotencyKey::new(format_args!("x")), &new_intent()).await;
    let Answer::Done(intent) = intent else { panic!("{intent:?}") };
    let report = RecordReport { intent: Some(intent.id.clone()), report: Report::Created };
    let created = till.decides(report.into()).unwrap();
    let (_, ask) = created.call().unwrap();
    let key = IdempotencyKey::new(format_args!("{}/{}", payment_of(ORDER), ask.nth));
    // The same key, another call: as if another field had been sent.
    let _: Answer<Intent> = till.shop.stripe.capture(&key, &intent.id, gbp(1)).await;
    assert_eq!(effect(&till.shop.stripe, &created).await, Vec::new());
    till.asks_and_waits(Payment::on_deadline(Payment::deadline(&till.state).unwrap()).unwrap()).await;
    assert!(matches!(till.state.life, Life::Authorised(_)), "the next attempt has a key of its own: {:?}", till.state);
}

fn new_intent() -> NewIntent {
    let (method_token, reference) = ("pm_card_visa".into(), "order 1".to_owned());
    NewIntent { payment: payment_of(ORDER), amount: gbp(10_000), method_token, reference }
}

#[tokio::test]
async fn a_call_is_wanted_until_its_outcome_is_known_or_another_takes_its_place() {
    let mut till = Till::new().await;
    let effects = PaymentEffects::new(till.shop.stripe.clone());
    let requested = till.decides(request("pm_card_visa").into()).unwrap();
    assert!(effects.wanted(&till.state, &requested));
    let again = till.decides(Payment::on_deadline(Payment::deadline(&till.state).unwrap()).unwrap()).unwrap();
    assert!(!effects.wanted(&till.state, &requested), "it is made again under another number");
    assert!(effects.wanted(&till.state, &again));
    let report = RecordReport { intent: Some(IntentId("pi_1".to_owned())), report: Report::Created };
    till.decides(report.into()).unwrap();
    assert!(!effects.wanted(&till.state, &again), "the intent is there");
}
