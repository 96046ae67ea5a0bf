//! What an operator may do with an order that is stuck, and with no other.

use tillroll_log::{Aggregate, Impasse, Saga};
use tillroll_schemas::order::*;

use super::*;
use crate::order::{Life, OrderBody};

const WHY: &str = "seen to by hand";

fn stuck(step: Step, answers: Vec<StockAnswer>) -> OrderEvent {
    Stuck {
        step,
        reason: reason("stock_unanswered", "no answer in time"),
        answers,
        payment_answer: None,
        invoice_answer: None,
        owed: None,
    }
    .into()
}

fn refused_delivery(text: &str) -> StockAnswer {
    answer(text, StockOutcome::FulfilmentRefused { fulfilment_id: delivery(1), code: "not_committed".to_owned() })
}

fn stuck_release() -> Given {
    let released = StockAnswered { answers: vec![answer("BOWL", StockOutcome::Released)] };
    given([placed(), compensating(&["BOWL", "MUG"]), released.into(), stuck(Step::Release, vec![])])
}

fn stuck_delivery(answers: Vec<StockAnswer>) -> Given {
    confirmed_story().and([requested(1, &everything()), stuck(Step::Fulfil, answers)])
}

fn retry() -> RetryStep {
    RetryStep { reason: None }
}

fn compensate() -> CompensateStuck {
    CompensateStuck { reason: WHY.to_owned() }
}

fn complete() -> CompleteStep {
    CompleteStep { reason: WHY.to_owned() }
}

#[test]
fn who_retries_learns_that_the_order_is_stuck_again_and_why() {
    let why = |story: &Given| OrderBody::of(&"1".into(), &story.state()).unwrap().stuck.map(|reason| reason.code);
    let story = stuck_delivery(vec![]);
    assert_eq!(why(&story).as_deref(), Some("stock_unanswered"));
    let again = story.when(retry()).event();
    let story = story.and([again]);
    assert_eq!(why(&story), None, "it is under way");
    let no = story.when(answers([refused_delivery("MUG"), refused_delivery("BOWL")])).event();
    assert_eq!(why(&story.and([no])).as_deref(), Some("not_committed"));
}

#[test]
fn a_retry_asks_those_again_who_have_not_done_it() {
    let (reason, answer_by) = (None, at(NOW_S + 10));
    let claims = vec![claim("MUG", 2)];
    let again =
        StepRetried { step: Step::Release, reason, claims, fulfilment_id: None, undo: None, document: None, answer_by };
    stuck_release().when(retry()).then(again);

    let left = answer("BOWL", StockOutcome::Fulfilled { fulfilment_id: delivery(1) });
    let claims = vec![claim("MUG", 2)];
    let fulfilment_id = Some(delivery(1));
    let again = StepRetried {
        step: Step::Fulfil,
        reason: Some(WHY.to_owned()),
        claims,
        fulfilment_id,
        undo: None,
        document: None,
        answer_by,
    };
    stuck_delivery(vec![left, refused_delivery("MUG")]).when(RetryStep { reason: Some(WHY.to_owned()) }).then(again);
}

#[test]
fn after_a_retry_the_order_waits_as_at_first_and_an_answer_carries_it_on() {
    let story = stuck_release();
    let event = story.when(retry()).event();
    let story = story.and([event]);
    assert_eq!(Order::deadline(&story.state()), Some(at(NOW_S + 10)));
    assert!(!Order::settled(&story.state()) && story.state().life.stuck().is_none());
    let off = story.when(answers([answer("MUG", StockOutcome::Released)])).event();
    assert!(matches!(off, OrderEvent::Cancelled(_)));
}

#[test]
fn an_order_that_is_not_stuck_needs_no_operator() {
    given([]).when(retry()).refused("not_found");
    for story in [
        given([placed()]),
        confirmed_story(),
        given([placed(), compensating(&["MUG"])]),
        given([placed(), cancelled()]),
    ] {
        story.when(retry()).refused("not_stuck");
        story.when(compensate()).refused("not_stuck");
        story.when(complete()).refused("not_stuck");
    }
}

#[test]
fn a_delivery_of_which_nothing_left_is_given_up_and_the_order_credited() {
    let story = stuck_delivery(vec![refused_delivery("MUG"), refused_delivery("BOWL")]);
    let event = story.when(compensate()).event();
    let OrderEvent::CompensationStarted(started) = &event else { panic!("{event:?}") };
    assert_eq!(started.reason, reason("compensated_by_operator", WHY));
    assert_eq!(started.releases, [sku("BOWL"), sku("MUG")]);
    let story = story.and([event]);
    let released = [answer("MUG", StockOutcome::Released), answer("BOWL", StockOutcome::Released)];
    let off = story.when(answers(released)).event();
    assert!(matches!(off, OrderEvent::Cancelled(Cancelled { credit: Some(_), .. })));
}

#[test]
fn a_delivery_that_has_left_or_may_have_is_not_given_up() {
    let left = answer("BOWL", StockOutcome::Fulfilled { fulfilment_id: delivery(1) });
    stuck_delivery(vec![left, refused_delivery("MUG")]).when(compensate()).refused("already_fulfilled");
    stuck_delivery(vec![refused_delivery("MUG")]).when(compensate()).refused("fulfilment_unanswered");
    let first = confirmed_story().and([requested(1, &[claim("MUG", 1)]), fulfilled(1, &[claim("MUG", 1)], false)]);
    let second = first.and([requested(2, &[claim("MUG", 1)]), stuck(Step::Fulfil, vec![])]);
    second.when(compensate()).refused("already_fulfilled");
    // What compensates already can only be retried or completed.
    stuck_release().when(compensate()).refused("order_cancelled");
}

#[test]
fn what_an_operator_has_seen_to_counts_as_done() {
    for (story, step) in
        [(stuck_release(), Step::Release), (stuck_delivery(vec![refused_delivery("MUG")]), Step::Fulfil)]
    {
        let event = story.when(complete()).event();
        let OrderEvent::StepCompleted(completed) = &event else { panic!("{event:?}") };
        assert_eq!((completed.step, completed.reason.as_str()), (step, WHY));
        let story = story.and([event]);
        let next = story.when(Continue {}).event();
        let by_deadline = story.when(DeadlinePassed { deadline: at(NOW_S + 10) }).event();
        assert_eq!(next, by_deadline, "its deadline takes the step if the order's command to itself is lost");
        match story.and([next]).state().life {
            Life::Cancelled(..) => assert_eq!(step, Step::Release),
            Life::Fulfilled(_) => assert_eq!(step, Step::Fulfil),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_a_saga_waits_for_is_told_like_that_of_any_saga() {
    let waits = Order::saga(&given([placed()]).state()).unwrap();
    assert_eq!((waits.step, waits.waits_for), ("reserve", vec!["BOWL".to_owned(), "MUG".to_owned()]));
    assert_eq!((waits.answer_by, waits.attempt, waits.stuck), (Some(at(10)), Some(0), None));
    let stuck = Order::saga(&stuck_release().state()).unwrap();
    assert_eq!((stuck.step, stuck.waits_for), ("release", vec!["MUG".to_owned()]));
    let why = Impasse { code: "stock_unanswered".to_owned(), detail: "no answer in time".to_owned() };
    assert_eq!((stuck.answer_by, stuck.attempt, stuck.stuck), (None, None, Some(why)));
    assert_eq!(Order::saga(&confirmed_story().state()), None);
}
