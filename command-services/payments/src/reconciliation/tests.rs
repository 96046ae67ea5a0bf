//! What two books that should say the same can say differently, and what is no difference.

use super::*;
use tillroll_schemas::Currency;
use uuid::Uuid;

const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(7));
const REFUND: RefundId = RefundId(Uuid::from_u128(2));

fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

fn id(text: &str) -> IntentId {
    IntentId(text.to_owned())
}

fn booked() -> Booked {
    Booked { intent: Some(id("pi_1")), held: None, taken: None, returned: BTreeMap::new(), under_way: false }
}

fn captured() -> Booked {
    Booked { taken: Some(gbp(500)), returned: [(REFUND, gbp(200))].into(), ..booked() }
}

fn intent(status: IntentStatus, capturable: i64, received: i64) -> Intent {
    let (capturable, received) = (gbp(capturable), gbp(received));
    Intent { id: id("pi_1"), payment: Some(PAYMENT), status, capturable, received, declined: None, action: None }
}

fn taken() -> Intent {
    intent(IntentStatus::Succeeded, 0, 500)
}

fn refund(amount: i64) -> RefundSeen {
    RefundSeen {
        id: "re_1".to_owned(),
        refund: Some(REFUND),
        payment: Some(PAYMENT),
        intent: Some(id("pi_1")),
        amount: gbp(amount),
        status: RefundStatus::Succeeded,
    }
}

fn compared(log: impl Into<Option<Booked>>, intents: Vec<Intent>, refunds: Vec<RefundSeen>) -> Reconciled {
    let log = log.into().map(|booked| (PAYMENT, booked)).into_iter().collect();
    reconcile(&Books { log, intents, refunds })
}

fn differences(log: impl Into<Option<Booked>>, intents: Vec<Intent>, refunds: Vec<RefundSeen>) -> Vec<Kind> {
    compared(log, intents, refunds).differences.into_iter().map(|difference| difference.kind).collect()
}

#[test]
fn books_that_say_the_same_have_no_difference() {
    assert_eq!(differences(captured(), vec![taken()], vec![refund(200)]), []);
    let held = Booked { held: Some(gbp(500)), ..booked() };
    assert_eq!(differences(held, vec![intent(IntentStatus::RequiresCapture, 500, 0)], vec![]), []);
    for ended in [IntentStatus::Cancelled, IntentStatus::RequiresPaymentMethod] {
        assert_eq!(differences(booked(), vec![intent(ended, 0, 0)], vec![]), []);
    }
    let nothing = Booked { intent: None, ..booked() };
    assert_eq!(differences(nothing, vec![], vec![]), []);
}

#[test]
fn what_one_of_them_does_not_have_is_told() {
    let missing = Kind::MissingAtProvider { intent: "pi_1".to_owned() };
    assert_eq!(differences(booked(), vec![], vec![]), [missing]);
    let missing = Kind::MissingInLog { intent: "pi_1".to_owned(), amount: 500 };
    assert_eq!(differences(None, vec![taken()], vec![]), std::slice::from_ref(&missing));
    let another = Booked { intent: Some(id("pi_2")), ..booked() };
    let told = differences(another, vec![taken()], vec![]);
    assert_eq!(told, [Kind::MissingAtProvider { intent: "pi_2".to_owned() }, missing]);
}

#[test]
fn other_amounts_and_states_are_told() {
    let held = Booked { held: Some(gbp(500)), ..booked() };
    let by_hand = vec![Kind::OtherHeld { log: 500, provider: 0 }, Kind::OtherTaken { log: 0, provider: 500 }];
    assert_eq!(differences(held.clone(), vec![taken()], vec![]), by_hand);
    let let_go = vec![Kind::OtherHeld { log: 500, provider: 0 }];
    assert_eq!(differences(held, vec![intent(IntentStatus::Cancelled, 0, 0)], vec![]), let_go);
    let kept = vec![Kind::OtherHeld { log: 0, provider: 500 }];
    assert_eq!(differences(booked(), vec![intent(IntentStatus::RequiresCapture, 500, 0)], vec![]), kept);
    let euros = Intent { received: Money { amount: 500, currency: "EUR".parse().unwrap() }, ..taken() };
    let other = Kind::OtherCurrency { log: "GBP".to_owned(), provider: "EUR".to_owned() };
    assert_eq!(differences(Booked { taken: Some(gbp(500)), ..booked() }, vec![euros], vec![]), [other]);
}

#[test]
fn money_that_went_back_is_compared_refund_by_refund() {
    let less = |provider| Kind::RefundMissingAtProvider { refund: REFUND.to_string(), log: 200, provider };
    assert_eq!(differences(captured(), vec![taken()], vec![]), [less(0)]);
    assert_eq!(differences(captured(), vec![taken()], vec![refund(100)]), [less(100)]);
    let failed = RefundSeen { status: RefundStatus::Failed { code: "expired".to_owned() }, ..refund(200) };
    assert_eq!(differences(captured(), vec![taken()], vec![failed]), [less(0)]);
    let by_hand = RefundSeen { id: "re_2".to_owned(), refund: None, ..refund(50) };
    let told = Kind::RefundMissingInLog { refund: "re_2".to_owned(), amount: 50 };
    assert_eq!(differences(captured(), vec![taken()], vec![refund(200), by_hand]), [told]);
}

#[test]
fn what_is_under_way_left_over_or_somebody_elses_is_counted_and_no_difference() {
    let under_way = compared(Booked { under_way: true, ..booked() }, vec![taken()], vec![]);
    assert_eq!((under_way.under_way, under_way.compared, under_way.differences.len()), (1, 0, 0));
    let unconfirmed = intent(IntentStatus::RequiresConfirmation, 0, 0);
    let left_over = compared(Booked { intent: None, ..booked() }, vec![unconfirmed], vec![]);
    assert_eq!((left_over.left_over, left_over.differences.len()), (1, 0));
    let foreign = compared(None, vec![Intent { payment: None, ..taken() }], vec![]);
    assert_eq!((foreign.foreign, foreign.differences.len()), (1, 0));
}

#[test]
fn what_was_taken_behind_the_log_and_given_back_is_over() {
    for log in [None, Some(booked()), Some(Booked { intent: None, ..booked() })] {
        assert_eq!(differences(log.clone(), vec![taken()], vec![refund(500)]), []);
        assert_eq!(differences(log, vec![taken()], vec![refund(200)]).len(), 1);
    }
    let over = compared(None, vec![intent(IntentStatus::Cancelled, 0, 0)], vec![]);
    assert_eq!((over.left_over, over.differences.len()), (0, 0));
}
