//! Deliveries: one at a time, never more than is left, out only when every stock item has let its pieces go.

use tillroll_log::Aggregate;
use tillroll_schemas::order::*;

use super::*;

fn fulfil(number: u128, items: Option<Vec<StockClaim>>) -> RequestFulfilment {
    RequestFulfilment { fulfilment_id: delivery(number), items }
}

fn out(text: &str, number: u128) -> StockAnswer {
    answer(text, StockOutcome::Fulfilled { fulfilment_id: delivery(number) })
}

fn request_of(items: Vec<StockClaim>, claims: Vec<StockClaim>) -> FulfilmentRequested {
    FulfilmentRequested { fulfilment_id: delivery(1), items, claims, answer_by: at(NOW_S + 10) }
}

#[test]
fn everything_that_is_left_is_delivered_unless_items_are_chosen() {
    confirmed_story().when(fulfil(1, None)).then(request_of(everything(), story_claims()));
    let chosen = vec![claim("POST", 1), claim("MUG", 1), claim("MUG", 1)];
    let once = vec![claim("MUG", 2), claim("POST", 1)];
    confirmed_story().when(fulfil(1, Some(chosen))).then(request_of(once, vec![claim("MUG", 2)]));
}

#[test]
fn a_delivery_is_out_when_every_stock_item_has_let_its_pieces_go() {
    let story = confirmed_story().and([requested(1, &everything())]);
    story.when(answers([out("MUG", 1)])).then(StockAnswered { answers: vec![out("MUG", 1)] });
    let both = vec![out("MUG", 1), out("BOWL", 1)];
    story.when(RecordStockAnswers { answers: both.clone() }).then(Fulfilled {
        told: None,
        fulfilment_id: delivery(1),
        items: everything(),
        answers: both,
        complete: true,
        releases: vec![],
    });
}

#[test]
fn an_order_may_leave_in_parts() {
    let part = [claim("MUG", 1)];
    let story = confirmed_story().and([requested(1, &part)]);
    let delivered = Fulfilled {
        told: None,
        fulfilment_id: delivery(1),
        items: part.to_vec(),
        answers: vec![out("MUG", 1)],
        complete: false,
        releases: vec![],
    };
    story.when(answers([out("MUG", 1)])).then(delivered.clone());
    let story = story.and([delivered.into()]);
    assert!(Order::settled(&story.state()));
    let rest = vec![claim("BOWL", 1), claim("MUG", 1), claim("POST", 1)];
    let request =
        FulfilmentRequested { fulfilment_id: delivery(2), ..request_of(rest, vec![claim("BOWL", 1), claim("MUG", 1)]) };
    story.when(fulfil(2, None)).then(request);
}

#[test]
fn services_are_delivered_without_asking_any_stock_item() {
    let post = vec![claim("POST", 1)];
    let story = confirmed_story().and([requested(1, &post)]);
    story.when(Continue {}).then(Fulfilled {
        told: None,
        fulfilment_id: delivery(1),
        items: post,
        answers: vec![],
        complete: false,
        releases: vec![],
    });
}

#[test]
fn the_same_delivery_asked_for_again_changes_nothing() {
    let part = [claim("MUG", 1)];
    let story = confirmed_story().and([requested(1, &part)]);
    story.when(fulfil(1, None)).nothing();
    let story = story.and([fulfilled(1, &part, false)]);
    story.when(fulfil(1, None)).nothing();
    let story = story.and([requested(2, &part)]);
    story.when(fulfil(1, None)).nothing();
    let story = story.and([fulfilled(2, &part, true)]);
    story.when(fulfil(1, None)).nothing();
}

#[test]
fn there_is_one_delivery_at_a_time() {
    confirmed_story().and([requested(1, &[claim("MUG", 1)])]).when(fulfil(2, None)).refused("fulfilment_in_progress");
}

#[test]
fn no_more_leaves_than_was_ordered() {
    let story = confirmed_story();
    story.when(fulfil(1, Some(vec![claim("MUG", 3)]))).refused("quantity_exceeds_order");
    story.when(fulfil(1, Some(vec![claim("MUG", 2), claim("MUG", 1)]))).refused("quantity_exceeds_order");
    story.when(fulfil(1, Some(vec![claim("STRANGER", 1)]))).refused("quantity_exceeds_order");
    let most = claim("MUG", Quantity::MAX);
    story.when(fulfil(1, Some(vec![most.clone(), most]))).refused("quantity_exceeds_order");
    let left = story.and([requested(1, &[claim("MUG", 2)]), fulfilled(1, &[claim("MUG", 2)], false)]);
    let decided = left.when(fulfil(2, Some(vec![claim("MUG", 1), claim("BOWL", 2)])));
    let excess = |text, left| Excess { sku: sku(text), left };
    assert_eq!(decided.0, Err(OrderRejection::QuantityExceedsOrder(vec![excess("BOWL", 1), excess("MUG", 0)])));
}

#[test]
fn a_delivery_of_nothing_is_refused() {
    confirmed_story().when(fulfil(1, Some(vec![]))).refused("nothing_to_fulfil");
}

#[test]
fn only_a_confirmed_order_is_delivered() {
    given([placed()]).when(fulfil(1, None)).refused("not_confirmed");
    given([placed(), reserved()]).when(fulfil(1, None)).refused("not_confirmed");
    given([placed(), reserved(), committed()]).when(fulfil(1, None)).refused("not_confirmed");
    given([placed(), compensating(&["MUG"])]).when(fulfil(1, None)).refused("order_cancelled");
    given([placed(), cancelled()]).when(fulfil(1, None)).refused("order_cancelled");
    let out = confirmed_story().and([requested(1, &everything()), fulfilled(1, &everything(), true)]);
    out.when(fulfil(2, None)).refused("already_fulfilled");
}

#[test]
fn a_refused_delivery_is_stuck_until_the_pieces_leave_after_all() {
    let story = confirmed_story().and([requested(1, &everything())]);
    let refused = StockOutcome::FulfilmentRefused { fulfilment_id: delivery(1), code: "not_committed".to_owned() };
    let refused = answer("MUG", refused);
    let stuck = Stuck {
        step: Step::Fulfil,
        reason: reason("not_committed", "MUG could not be fulfilled: not_committed"),
        answers: vec![refused.clone()],
        payment_answer: None,
        invoice_answer: None,
        owed: None,
    };
    story.when(answers([refused])).then(stuck.clone());
    let story = story.and([stuck.into()]);
    story.when(fulfil(2, None)).refused("fulfilment_in_progress");
    story.when(answers([out("BOWL", 1)])).then(StockAnswered { answers: vec![out("BOWL", 1)] });
    let story = story.and([StockAnswered { answers: vec![out("BOWL", 1)] }.into()]);
    assert!(Order::settled(&story.state()), "what is stuck stays so while something is missing");
    let OrderEvent::Fulfilled(event) = story.when(answers([out("MUG", 1)])).event() else { panic!() };
    assert!(event.complete);
}

#[test]
fn an_answer_about_another_delivery_is_not_heard() {
    let story = confirmed_story().and([requested(1, &everything())]);
    story.when(answers([out("MUG", 2)])).nothing();
}
