//! What was paid back does not leave any more; a sale that was paid back whole is called off, so that nothing of it is
//! held, and is neither credited nor paid back another time.

use tillroll_log::Aggregate;
use tillroll_schemas::order::*;
use tillroll_schemas::payment::PaymentOutcome;

use super::paying::{GROSS, body, says, settled};
use super::reversal::{amount, bounces, given_back, refund, then};
use super::*;
use crate::order::{PaymentStatus, Status};

fn fulfil(number: u128, items: Option<Vec<StockClaim>>) -> RequestFulfilment {
    RequestFulfilment { fulfilment_id: delivery(number), items }
}

pub(super) fn cancel() -> CancelOrder {
    CancelOrder { by: None, reason: None }
}

fn mugs(pieces: i64) -> Vec<StockClaim> {
    vec![claim("MUG", pieces)]
}

/// What leaves if all leaves that may.
fn leaves(story: &Given) -> Vec<StockClaim> {
    let OrderEvent::FulfilmentRequested(asked) = story.when(fulfil(9, None)).event() else { panic!() };
    asked.items
}

/// All the money, by amounts, in two parts.
pub(super) fn paid_back() -> Given {
    given_back(given_back(settled(), amount(1, 1_000)), amount(2, GROSS - 1_000))
}

pub(super) fn released() -> RecordStockAnswers {
    answers([answer("MUG", StockOutcome::Released), answer("BOWL", StockOutcome::Released)])
}

#[test]
fn pieces_that_were_paid_back_do_not_leave() {
    let story = given_back(settled(), refund(1, Returning::Lines(mugs(1))));
    assert_eq!(leaves(&story), [claim("BOWL", 1), claim("MUG", 1), claim("POST", 1)]);
    let more = story.when(fulfil(1, Some(mugs(2))));
    assert_eq!(more.0, Err(OrderRejection::QuantityExceedsOrder(vec![Excess { sku: sku("MUG"), left: 1 }])));
    let one_left = story.and([requested(1, &mugs(1)), fulfilled(1, &mugs(1), false)]);
    assert_eq!(leaves(&one_left), [claim("BOWL", 1), claim("POST", 1)], "nor with a later delivery");
}

/// Of an order of which something has left: what stock items keep for it is for nobody then.
#[test]
fn an_order_is_fulfilled_when_nothing_is_left_that_may_leave() {
    let story = given_back(settled(), refund(1, Returning::Lines(mugs(1))));
    let rest = vec![claim("BOWL", 1), claim("MUG", 1), claim("POST", 1)];
    let story = then(story, fulfil(1, Some(rest)));
    let all_out = ["BOWL", "MUG"].map(|sku| answer(sku, StockOutcome::Fulfilled { fulfilment_id: delivery(1) }));
    let OrderEvent::Fulfilled(last) = story.when(answers(all_out.clone())).event() else { panic!() };
    assert_eq!((last.complete, last.releases.as_slice()), (true, [sku("MUG")].as_slice()));
    assert_eq!(body(&story.and([last.into()])).status, Status::Fulfilled);

    let asked = then(settled(), fulfil(1, Some(vec![claim("BOWL", 1)])));
    let out = then(asked, answers([answer("BOWL", StockOutcome::Fulfilled { fulfilment_id: delivery(1) })]));
    let some = given_back(out, refund(1, Returning::Lines(mugs(2))));
    assert_eq!(body(&some).status, Status::Confirmed, "the postage may leave");
    let asked = then(some, refund(2, Returning::Lines(vec![claim("POST", 1)])));
    assert_eq!(body(&asked).status, Status::Confirmed, "it may be refused");
    let refund_id = refund(2, Returning::Lines(vec![])).refund_id;
    let OrderEvent::RefundRequested(going) = asked.0.last().unwrap().clone() else { panic!() };
    let amount = going.reversal.amount;
    let back = asked.when(says(PaymentOutcome::Refunded { refund_id, amount })).event();
    let OrderEvent::Refunded(last) = &back else { panic!("{back:?}") };
    assert_eq!((last.complete, last.releases.as_slice()), (true, [sku("MUG")].as_slice()));
    let over = asked.and([back]);
    assert_eq!(body(&over).status, Status::Fulfilled);
    over.when(released()).nothing();
    over.when(fulfil(2, None)).refused("already_fulfilled");
}

#[test]
fn pieces_whose_money_is_on_its_way_back_do_not_leave_meanwhile() {
    let asked = then(settled(), refund(1, Returning::Lines(mugs(2))));
    assert_eq!(leaves(&asked), [claim("BOWL", 1), claim("POST", 1)]);
    then(settled(), amount(1, GROSS)).when(fulfil(1, None)).refused("already_refunded");
    let code = "charge_disputed".to_owned();
    let refund_id = refund(1, Returning::Lines(vec![])).refund_id;
    let refused = then(asked, says(PaymentOutcome::RefundRefused { refund_id, code }));
    assert_eq!(leaves(&refused), everything(), "they are paid for as before");
}

#[test]
fn pieces_that_came_back_keep_none_of_those_that_are_to_leave() {
    let story = settled().and([requested(1, &mugs(1)), fulfilled(1, &mugs(1), false)]);
    let story = given_back(story, refund(1, Returning::Returned { lines: mugs(1), restock: false }));
    assert_eq!(leaves(&story), [claim("BOWL", 1), claim("MUG", 1), claim("POST", 1)]);
}

#[test]
fn nothing_leaves_of_what_was_paid_back_whole_and_it_is_called_off_without_another_credit() {
    let story = paid_back();
    story.when(fulfil(1, None)).refused("already_refunded");
    story.when(fulfil(1, Some(mugs(1)))).refused("quantity_exceeds_order");
    let event = story.when(cancel()).event();
    let OrderEvent::CompensationStarted(started) = &event else { panic!("{event:?}") };
    assert_eq!((started.releases.as_slice(), started.undo), ([sku("BOWL"), sku("MUG")].as_slice(), None));
    assert_eq!(started.credit_note, None, "each refund has its note");
    let off = story.and([event]);
    assert_eq!((body(&off).payment.status, body(&off).refunded), (PaymentStatus::Refunded, gbp(GROSS)));
    let event = off.when(released()).event();
    let OrderEvent::Cancelled(cancelled) = &event else { panic!("{event:?}") };
    assert_eq!((&cancelled.credit, cancelled.refunded), (&None, None), "it was credited and paid back before");
    let off = off.and([event]);
    assert_eq!((body(&off).status, body(&off).payment.status), (Status::Cancelled, PaymentStatus::Refunded));
    assert_eq!(body(&off).refunded, gbp(GROSS));
    off.when(cancel()).nothing();
}

#[test]
fn a_sale_of_which_money_is_owed_is_called_off_when_it_has_arrived() {
    let bounced = then(paid_back(), bounces(1));
    bounced.when(cancel()).refused("already_refunded");
    let arrived = given_back(bounced, amount(3, 1_000));
    assert!(matches!(arrived.when(cancel()).event(), OrderEvent::CompensationStarted(_)));
}

#[test]
fn on_account_it_is_called_off_when_all_of_it_was_credited() {
    let story = given_back_on_account(amount(1, GROSS));
    story.when(fulfil(1, None)).refused("already_refunded");
    assert!(matches!(story.when(cancel()).event(), OrderEvent::CompensationStarted(_)));
}

fn given_back_on_account(command: RequestRefund) -> Given {
    let event = confirmed_story().when(command).event();
    let story = confirmed_story().and([event]);
    let numbered = story.when(super::reversal::is_credited(1)).event();
    story.and([numbered])
}

/// Whichever of its refunds it is, and whether the stock items have answered or not; and the customer, who knows that
/// his order is off, is not told so again.
#[test]
fn money_that_bounces_after_that_goes_back_once_more() {
    let off = then(paid_back(), cancel());
    let off = then(off, answers([answer("MUG", StockOutcome::Released)]));
    let OrderEvent::RefundRefused(bounced) = off.when(bounces(1)).event() else { panic!() };
    assert_eq!((bounced.taken_back, bounced.was_off), (Some(gbp(1_000)), true));
    let early = then(then(off.clone_and([]), bounces(1)), answers([answer("BOWL", StockOutcome::Released)]));
    let late = then(off, answers([answer("BOWL", StockOutcome::Released)]));
    let Some(OrderEvent::Cancelled(Cancelled { told: Some(_), .. })) = late.0.last() else { panic!("{:?}", late.0) };
    let late = then(late, bounces(1));
    for (stuck, is_told) in [(early, true), (late, false)] {
        assert_eq!((body(&stuck).status, body(&stuck).refunded), (Status::Stuck, gbp(GROSS - 1_000)));
        let both = then(stuck, bounces(2));
        assert_eq!(body(&both).refunded, gbp(0));
        let event = both.when(RetryStep { reason: None }).event();
        let OrderEvent::StepRetried(StepRetried { undo: Some(Undo::Refund { refund_id, amount, .. }), .. }) = event
        else {
            panic!("{event:?}")
        };
        assert_eq!(amount, gbp(GROSS), "all that came back");
        let again = both.and([event]);
        again.when(bounces(2)).nothing();
        let over = then(again, says(PaymentOutcome::Refunded { refund_id, amount }));
        let Some(OrderEvent::Cancelled(cancelled)) = over.0.last() else { panic!("{:?}", over.0) };
        assert_eq!((cancelled.refunded, &cancelled.credit), (Some(gbp(GROSS)), &None));
        assert_eq!(cancelled.told.is_some(), is_told);
        assert_eq!((body(&over).refunded, Order::deadline(&over.state())), (gbp(GROSS), None));
    }
}
