//! What holds wherever the adapter is pointed. The requests are the same for both, and both have to take them; what is
//! asserted inside `remembers` cannot hold of a server that keeps nothing ([`crate::server`]). What takes a provider that
//! can be told to fail, or a customer at his bank, is tested with the sandbox alone (`src/provider/stripe/tests.rs`).

use std::fmt::Debug;

use tillroll_payments::provider::stripe::Stripe;
use tillroll_payments::provider::{Answer, Doubt, IdempotencyKey, Intent, IntentStatus, NewIntent, Provider};
use tillroll_schemas::payment::IntentId;
use tillroll_schemas::{Currency, Money, PaymentId};
use uuid::Uuid;

use crate::server::Server;

pub(crate) const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(7));

pub(crate) async fn a_call_that_is_repeated_under_its_key_has_one_effect(server: &Server) {
    let stripe = server.adapter();
    let first = done(stripe.create(&key("create"), &new("pm_card_visa")).await);
    let again = done(stripe.create(&key("create"), &new("pm_card_visa")).await);
    let other = NewIntent { amount: gbp(1), ..new("pm_card_visa") };
    let told = stripe.create(&key("create"), &other).await;
    server.remembers(|sandbox| {
        assert_eq!((first.id, sandbox.holdings().len()), (again.id, 1));
        assert_eq!(told, Answer::Unknown(Doubt::Busy), "what came of the first is not told, so nothing is decided");
    });
}

pub(crate) async fn a_declined_card_is_refused_with_its_decline_code_and_how_things_stand(server: &Server) {
    let (_, answer) = confirmed(&server.adapter(), "pm_card_visa_chargeDeclinedInsufficientFunds").await;
    server.remembers(|sandbox| {
        let Answer::Refused { code, seen: Some(seen) } = answer else { panic!("refused: {answer:?}") };
        assert_eq!(code, "insufficient_funds");
        let stands = (seen.status, seen.declined.as_deref());
        assert_eq!(stands, (IntentStatus::RequiresPaymentMethod, Some("insufficient_funds")));
        assert_eq!(held(sandbox), 0);
    });
}

pub(crate) async fn a_card_that_nobody_knows_is_refused_when_the_intent_is_made(server: &Server) {
    let answer = server.adapter().create(&key("1"), &new("pm_card_nonsense")).await;
    server.remembers(|_| assert_eq!(answer, Answer::Refused { code: "resource_missing".to_owned(), seen: None }));
}

pub(crate) async fn whoever_is_not_let_in_knows_nothing(server: &Server) {
    let stranger = Stripe::new(&server.config("not a key of theirs")).unwrap();
    let answer = stranger.retrieve(&IntentId("pi_1".to_owned())).await;
    assert_eq!(answer, Answer::Unknown(Doubt::NotAllowed));
}

/// It would be another call otherwise: this one asks for a cancellation, whatever the id says.
pub(crate) async fn whatever_is_in_an_id_it_is_one_part_of_the_way(server: &Server) {
    let strange = IntentId("pi_1/confirm?x=/../..".to_owned());
    let answer = server.adapter().void(&key("1"), &strange).await;
    assert!(!matches!(answer, Answer::Unknown(_)), "there is such a call: {answer:?}");
    server.remembers(|_| assert_eq!(answer, Answer::Refused { code: "resource_missing".to_owned(), seen: None }));
}

pub(crate) async fn what_is_in_the_wrong_state_is_refused(server: &Server) {
    let stripe = server.adapter();
    let (intent, _) = confirmed(&stripe, "pm_card_visa").await;
    done(stripe.void(&key("2"), &intent).await);
    let answer = stripe.capture(&key("3"), &intent, gbp(1)).await;
    server.remembers(|sandbox| {
        let Answer::Refused { code, seen: Some(seen) } = answer else { panic!("refused: {answer:?}") };
        assert_eq!((code.as_str(), seen.status), ("payment_intent_unexpected_state", IntentStatus::Cancelled));
        assert_eq!(held(sandbox), 0);
    });
}

pub(crate) async fn an_amount_is_converted_and_one_without_a_number_is_never_asked_for(server: &Server) {
    let stripe = server.adapter();
    let of = |amount, code: &str| NewIntent {
        amount: Money { amount, currency: code.parse().unwrap() },
        ..new("pm_card_visa")
    };
    let whole = of(5, "ISK");
    let intent = done(stripe.create(&key("1"), &whole).await).id;
    let confirmed = done(stripe.confirm(&key("2"), &intent).await);
    let taken = done(stripe.capture(&key("3"), &intent, whole.amount).await);
    server.remembers(|sandbox| {
        assert_eq!((confirmed.capturable, taken.received), (whole.amount, whole.amount));
        assert_eq!(sandbox.holdings()[0].received, 500, "five hundred hundredths");
    });
    let refused = stripe.create(&key("4"), &of(5_124, "KWD")).await;
    assert_eq!(refused, Answer::Refused { code: "amount_not_expressible".to_owned(), seen: None });
    server.remembers(|sandbox| assert_eq!(sandbox.holdings().len(), 1));
}

pub(crate) async fn without_a_place_to_come_back_to_there_is_no_page(server: &Server) {
    let stripe = Stripe::new(&server.config("sk_test_123")).unwrap();
    let (_, answer) = confirmed(&stripe, "pm_card_threeDSecure2Required").await;
    assert_eq!(done(answer).action, None);
    server.remembers(|sandbox| assert_eq!(held(sandbox), 0));
}

async fn confirmed(stripe: &Stripe, card: &str) -> (IntentId, Answer<Intent>) {
    let intent = done(stripe.create(&key("create"), &new(card)).await).id;
    let answer = stripe.confirm(&key("confirm"), &intent).await;
    (intent, answer)
}

fn held(sandbox: &tillroll_payments::sandbox::Sandbox) -> i64 {
    sandbox.holdings().iter().map(|holding| holding.held).sum()
}

fn new(card: &str) -> NewIntent {
    NewIntent {
        payment: PAYMENT,
        amount: gbp(10_000),
        method_token: card.into(),
        reference: "order 1 & more".to_owned(),
    }
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(format_args!("{text}"))
}

pub(crate) fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

pub(crate) fn done<T: Debug>(answer: Answer<T>) -> T {
    match answer {
        Answer::Done(seen) => seen,
        other => panic!("it is done: {other:?}"),
    }
}
