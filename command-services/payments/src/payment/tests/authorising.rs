//! From the request to money that is held, or is not.

use super::*;
use tillroll_schemas::payment::{ActionRequired, Authorised, Declined, LookInto};

#[test]
fn a_request_asks_the_provider_for_an_intent() {
    let (amount, method_token) = (gbp(10_000), "pm_card_visa".into());
    let create = Call::Create { amount, method_token, reference: "order 1".to_owned() };
    given(&[]).when(request()).then_asks(create);
}

#[test]
fn an_intent_is_confirmed_only_when_its_id_is_recorded() {
    assert_eq!(creating().state.life.intent(), None);
    let confirming = creating().when(reported(Report::Created)).then_asks(Call::Confirm { intent: intent() });
    assert_eq!(confirming.state.life.intent(), Some(&intent()));
}

#[test]
fn whoever_looks_into_a_payment_changes_nothing() {
    for payment in [given(&[]), creating(), confirming()] {
        payment.when(LookInto {}).then_nothing();
    }
}

#[test]
fn what_is_held_is_authorised() {
    let event = Authorised { order_id: ORDER, intent: intent(), amount: gbp(10_000) };
    confirming().when(reported(authorised())).then(event);
}

#[test]
fn a_customer_who_has_to_act_has_until_the_order_said() {
    let event = ActionRequired { order_id: ORDER, intent: intent(), action_by: second(600) };
    confirming().when(reported(Report::RequiresAction)).then(event);
    let acting = confirming().and(reported(Report::RequiresAction));
    assert_eq!(Payment::deadline(&acting.state), Some(second(600)));
    acting.when(reported(Report::RequiresAction)).then_nothing();
    assert_eq!(acting.and(reported(authorised())).body().status, Status::Authorised);
}

#[test]
fn a_customer_who_does_not_act_loses_the_authorisation() {
    let acting = confirming().and(reported(Report::RequiresAction));
    acting.when(reported(Report::NotActed)).then_nothing();
    let looking = acting.and_nothing_comes(1);
    let voiding = looking.when(reported(Report::NotActed)).then_asks(Call::Void { intent: intent() });
    let declined = Declined { order_id: ORDER, code: "action_overdue".to_owned() };
    voiding.when(reported(Report::Cancelled)).then(declined);
}

#[test]
fn whether_he_has_acted_is_looked_up_before_he_is_taken_for_one_who_has_not() {
    let acting = confirming().and(reported(Report::RequiresAction));
    let looking = acting.when_nothing_comes().then_asks(Call::Look { intent: intent() });
    assert_eq!((looking.body().status, Payment::settled(&looking.state)), (Status::RequiresAction, true));
    assert_eq!(Payment::saga(&looking.state).expect("a saga").step, "look");
    looking.when(reported(Report::RequiresAction)).then_nothing();
    looking.when(void()).then_asks(Call::Void { intent: intent() });
    // Told by the look, or by a webhook that comes after all.
    let event = Authorised { order_id: ORDER, intent: intent(), amount: gbp(10_000) };
    looking.when(reported(authorised())).then(event);
}

#[test]
fn a_look_that_nobody_answers_is_made_twice_while_the_order_waits() {
    let looking = confirming().and(reported(Report::RequiresAction)).and_nothing_comes(1);
    let again = looking.when_nothing_comes().then_asks(Call::Look { intent: intent() });
    assert!(Payment::deadline(&again.state) < Some(second(640)), "the order waits for a minute");
    again.when_nothing_comes().then_asks(Call::Void { intent: intent() });
}

#[test]
fn a_card_that_nobody_knows_is_declined() {
    let event = Declined { order_id: ORDER, code: "expired_card".to_owned() };
    creating().when(RecordReport { intent: None, report: declined("expired_card") }).then(event);
}

#[test]
fn a_card_that_is_declined_closes_the_intent_so_that_no_other_can_pay_it() {
    let event = Declined { order_id: ORDER, code: "expired_card".to_owned() };
    for payment in [confirming(), confirming().and(reported(Report::RequiresAction))] {
        let closing = payment.when(reported(declined("expired_card"))).then_asks(Call::Void { intent: intent() });
        closing.when(reported(declined("expired_card"))).then_nothing();
        closing.when(reported(authorised())).then_nothing();
        closing.when(reported(Report::Cancelled)).then(event.clone());
    }
}

#[test]
fn an_intent_that_the_provider_cancels_is_declined() {
    let event = Declined { order_id: ORDER, code: "cancelled_by_provider".to_owned() };
    confirming().when(reported(Report::Cancelled)).then(event);
}

#[test]
fn another_amount_than_was_asked_for_is_let_go() {
    for other in [9_999, 10_001, 0] {
        let report = Report::Authorised { amount: gbp(other) };
        confirming().when(reported(report)).then_asks(Call::Void { intent: intent() });
    }
}

#[test]
fn money_that_is_held_after_a_decline_is_let_go() {
    let voiding = refused_card("do_not_honor").when(reported(authorised())).then_asks(Call::Void { intent: intent() });
    let event = Declined { order_id: ORDER, code: "do_not_honor".to_owned() };
    voiding.when(reported(Report::Cancelled)).then(event);
}

#[test]
fn reports_of_another_intent_are_nobodys() {
    for report in [authorised(), declined("x"), Report::Cancelled, Report::RequiresAction] {
        let other = RecordReport { intent: Some(IntentId("pi_2".to_owned())), report };
        confirming().when(other.clone()).then_nothing();
        held().when(other).then_nothing();
    }
}

#[test]
fn late_and_old_reports_change_nothing() {
    for report in [Report::Created, Report::RequiresAction, authorised(), declined("x")] {
        held().when(reported(report.clone())).then_nothing();
        captured(10_000).when(reported(report)).then_nothing();
    }
    captured(10_000).when(reported(Report::Cancelled)).then_nothing();
    confirming().when(reported(Report::Created)).then_nothing();
}

#[test]
fn a_request_that_comes_again_is_told_how_things_stand() {
    creating().when(request()).then_refused(PaymentRejection::InProgress);
    confirming().when(request()).then_refused(PaymentRejection::InProgress);
    held().when(request()).then_nothing();
    captured(10_000).when(request()).then_nothing();
    confirming().and(reported(declined("x"))).when(request()).then_refused(PaymentRejection::InProgress);
    refused_card("x").when(request()).then_refused(PaymentRejection::Declined);
    given(&[void().into()]).when(request()).then_refused(PaymentRejection::Voided);
}

#[test]
fn a_payment_is_for_one_order_and_one_amount() {
    let dearer = RequestPayment { amount: gbp(10_001), ..request() };
    creating().when(dearer.clone()).then_refused(PaymentRejection::AnotherRequest);
    held().when(dearer).then_refused(PaymentRejection::AnotherRequest);
    let others = RequestPayment { order_id: OrderId(Uuid::from_u128(2)), ..request() };
    held().when(others).then_refused(PaymentRejection::AnotherRequest);
}

#[test]
fn nothing_is_no_amount() {
    for amount in [0, -1] {
        let nothing = RequestPayment { amount: gbp(amount), ..request() };
        given(&[]).when(nothing).then_refused(PaymentRejection::InvalidAmount);
    }
}

#[test]
fn a_body_says_how_far_it_is() {
    assert_eq!(Payment::answer(&"x".into(), None, &PaymentState::default()), None);
    assert_eq!(creating().body().status, Status::Pending);
    let acting = confirming().and(reported(Report::RequiresAction)).body();
    assert_eq!((acting.status, acting.action_by), (Status::RequiresAction, Some(second(600))));
    let declined = refused_card("insufficient_funds").body();
    assert_eq!((declined.status, declined.code.as_deref()), (Status::Declined, Some("insufficient_funds")));
}
