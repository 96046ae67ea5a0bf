//! Calling an order off: possible until anything leaves, everything it may hold is released, what was sold is credited.

use tillroll_log::Aggregate;
use tillroll_schemas::order::*;

use super::*;

fn cancel() -> CancelOrder {
    CancelOrder { by: None, reason: Some("ordered twice".to_owned()) }
}

fn called_off() -> Reason {
    reason("cancelled_by_customer", "ordered twice")
}

fn releasing() -> CompensationStarted {
    CompensationStarted {
        reason: called_off(),
        answers: vec![],
        releases: vec![sku("BOWL"), sku("MUG")],
        payment_answer: None,
        undo: None,
        credit_note: None,
        answer_by: at(NOW_S + 10),
    }
}

#[test]
fn an_order_can_be_called_off_at_every_step_until_it_is_confirmed() {
    given([placed()]).when(cancel()).then(releasing());
    given([placed(), reserved()]).when(cancel()).then(releasing());
    given([placed(), reserved(), committed()]).when(cancel()).then(releasing());
}

#[test]
fn an_order_that_claims_no_stock_is_cancelled_at_once() {
    given([placed_service()]).when(cancel()).then(Cancelled {
        told: None,
        reason: called_off(),
        answers: vec![],
        credit: None,
        payment_answer: None,
        invoice_answer: None,
        refunded: None,
        cart: None,
    });
}

#[test]
fn an_order_can_be_called_off_without_a_reason() {
    let OrderEvent::CompensationStarted(started) =
        given([placed()]).when(CancelOrder { by: None, reason: None }).event()
    else {
        panic!()
    };
    assert_eq!(started.reason, reason("cancelled_by_customer", "the order was called off"));
}

#[test]
fn a_confirmed_order_that_is_cancelled_is_a_credit_of_that_day() {
    confirmed_story().when(cancel()).then(releasing());
    let story = confirmed_story().and([releasing().into()]);
    let answers = vec![answer("MUG", StockOutcome::Released), answer("BOWL", StockOutcome::Released)];
    let credit = Some(sale(at(NOW_S)));
    story.when(RecordStockAnswers { answers: answers.clone() }).then(Cancelled {
        told: None,
        reason: called_off(),
        answers,
        credit,
        payment_answer: None,
        invoice_answer: None,
        refunded: None,
        cart: None,
    });
}

#[test]
fn a_confirmed_order_of_services_is_credited_at_once() {
    let none = || vec![];
    let by = at(11);
    let story = given([
        placed_service(),
        StockReserved { answers: none(), claims: vec![], answer_by: by }.into(),
        StockCommitted { answers: none() }.into(),
        confirmed(),
    ]);
    let credit = Some(Sale { lines: vec![sale_line("POST", 1, 300)], ..sale(at(NOW_S)) });
    let (payment_answer, invoice_answer, refunded, cart) = (None, None, None, None);
    let (reason, answers) = (called_off(), vec![]);
    story.when(cancel()).then(Cancelled {
        told: None,
        reason,
        answers,
        payment_answer,
        invoice_answer,
        credit,
        refunded,
        cart,
    });
}

#[test]
fn an_order_that_is_or_will_be_cancelled_is_not_cancelled_again() {
    given([placed(), compensating(&["MUG"])]).when(cancel()).nothing();
    given([placed(), compensating(&["MUG"]), cancelled()]).when(cancel()).nothing();
}

#[test]
fn an_order_that_has_left_cannot_be_cancelled() {
    let all = everything();
    let leaving = confirmed_story().and([requested(1, &all)]);
    leaving.when(cancel()).refused("fulfilment_in_progress");
    leaving.and([fulfilled(1, &all, true)]).when(cancel()).refused("already_fulfilled");
    let part = [claim("MUG", 1)];
    let story = confirmed_story().and([requested(1, &part), fulfilled(1, &part, false)]);
    story.when(cancel()).refused("already_fulfilled");
}

#[test]
fn a_fulfilment_that_is_stuck_cannot_be_cancelled() {
    let stuck = Stuck {
        step: Step::Fulfil,
        reason: reason("not_committed", "gone"),
        answers: vec![],
        payment_answer: None,
        invoice_answer: None,
        owed: None,
    };
    let story = confirmed_story().and([requested(1, &everything()), stuck.into()]);
    story.when(cancel()).refused("fulfilment_in_progress");
}

#[test]
fn what_carries_a_cancelled_order_on_changes_nothing() {
    let story = given([placed(), reserved(), committed(), releasing().into()]);
    story.when(Continue {}).nothing();
    assert!(!Order::settled(&story.state()));
    assert!(Order::settled(&story.and([cancelled()]).state()));
}
