//! Deadlines: a wait that is overdue becomes longer, then the step is given up; no order waits for ever.

use tillroll_log::Aggregate;
use tillroll_schemas::order::*;

use super::*;

fn overdue(step: Step, attempt: u32, answer_by: Timestamp) -> OrderEvent {
    StepOverdue { step, attempt, answer_by }.into()
}

/// Fires the deadline that the story has now.
fn fire(story: &Given) -> Option<OrderEvent> {
    let deadline = Order::deadline(&story.state()).unwrap();
    Order::decide(&story.state(), &Order::on_deadline(deadline).unwrap(), deadline).unwrap()
}

/// Every step's story, as it waits for its stock items.
fn waiting() -> [(Step, Given); 4] {
    [
        (Step::Reserve, given([placed()])),
        (Step::Commit, given([placed(), reserved()])),
        (Step::Release, given([placed(), compensating(&["BOWL", "MUG"])])),
        (Step::Fulfil, confirmed_story().and([requested(1, &everything())])),
    ]
}

#[test]
fn a_wait_that_is_overdue_becomes_longer_four_times_and_twice_as_long_each_time() {
    for (step, mut story) in waiting() {
        for (attempt, longer) in [(1, 20), (2, 40), (3, 80), (4, 160)] {
            let passed = Order::deadline(&story.state()).unwrap();
            let answer_by = passed + chrono::TimeDelta::seconds(longer);
            let event = fire(&story);
            assert_eq!(event, Some(overdue(step, attempt, answer_by)));
            story = story.and([event.unwrap()]);
        }
        let given_up = fire(&story).unwrap();
        let story = story.and([given_up.clone()]);
        match step {
            Step::Reserve | Step::Commit => {
                let OrderEvent::CompensationStarted(started) = given_up else { panic!("{given_up:?}") };
                assert_eq!(started.reason, reason("stock_unanswered", "no answer in time from BOWL, MUG"));
                assert_eq!(started.releases, [sku("BOWL"), sku("MUG")]);
            }
            _ => {
                let stuck = Stuck {
                    step,
                    reason: reason("stock_unanswered", "no answer in time from BOWL, MUG"),
                    answers: vec![],
                    payment_answer: None,
                    invoice_answer: None,
                    owed: None,
                };
                assert_eq!(given_up, stuck.into());
                assert!(Order::settled(&story.state()) && Order::deadline(&story.state()).is_none());
            }
        }
    }
}

#[test]
fn a_deadline_that_fires_after_long_downtime_gives_the_full_wait_from_then() {
    let hours_later = at(7_200);
    let command = OrderCommand::from(DeadlinePassed { deadline: at(10) });
    let event = Order::decide(&given([placed()]).state(), &command, hours_later);
    assert_eq!(event, Ok(Some(overdue(Step::Reserve, 1, at(7_220)))));
}

#[test]
fn a_deadline_of_a_wait_that_is_over_does_nothing() {
    let passed = DeadlinePassed { deadline: at(10) };
    let longer = given([placed(), overdue(Step::Reserve, 1, at(30))]);
    longer.when(passed.clone()).nothing();
    given([placed(), reserved()]).when(passed.clone()).nothing();
    given([placed(), reserved(), committed()]).when(passed.clone()).nothing();
    confirmed_story().when(passed).nothing();
    let stuck = Stuck {
        step: Step::Release,
        reason: reason("stock_unanswered", "silence"),
        answers: vec![],
        payment_answer: None,
        invoice_answer: None,
        owed: None,
    };
    let story = given([placed(), compensating(&["MUG"]), stuck.into()]);
    story.when(DeadlinePassed { deadline: at(20) }).nothing();
}

#[test]
fn nobody_is_overdue_where_nobody_is_awaited_so_the_order_goes_on() {
    let story = given([placed_service()]);
    assert!(matches!(fire(&story), Some(OrderEvent::StockReserved(_))));
}

#[test]
fn an_order_whose_pieces_are_committed_is_confirmed_by_its_deadline_if_nothing_else_does_it() {
    let story = given([placed(), reserved(), committed()]);
    assert_eq!(Order::deadline(&story.state()), Some(at(21)), "ten seconds after that of the commits");
    assert!(matches!(fire(&story), Some(OrderEvent::Confirmed(_))));
    let late = given([placed(), reserved(), overdue(Step::Commit, 1, at(31)), committed()]);
    assert_eq!(Order::deadline(&late.state()), Some(at(41)));
    assert!(matches!(fire(&late), Some(OrderEvent::Confirmed(_))));
    let story = story.and([confirmed()]);
    assert_eq!(Order::deadline(&story.state()), None);
    story.when(Continue {}).nothing();
    story.when(DeadlinePassed { deadline: at(21) }).nothing();
}

#[test]
fn an_order_that_waits_is_not_settled() {
    for (step, story) in waiting() {
        assert!(!Order::settled(&story.state()), "{step:?}");
    }
    assert!(!Order::settled(&given([placed(), reserved(), committed()]).state()));
    assert!(Order::settled(&confirmed_story().state()));
}

#[test]
fn a_stuck_order_is_carried_on_by_late_answers() {
    let stuck = |step| {
        OrderEvent::from(Stuck {
            step,
            reason: reason("stock_unanswered", "silence"),
            answers: vec![],
            payment_answer: None,
            invoice_answer: None,
            owed: None,
        })
    };
    let released = given([placed(), compensating(&["MUG"]), stuck(Step::Release)]);
    let off = released.when(answers([answer("MUG", StockOutcome::Released)])).event();
    assert!(matches!(off, OrderEvent::Cancelled(_)));
    let mug = [claim("MUG", 2)];
    let left = confirmed_story().and([requested(1, &mug), stuck(Step::Fulfil)]);
    let outcome = StockOutcome::Fulfilled { fulfilment_id: delivery(1) };
    assert!(matches!(left.when(answers([answer("MUG", outcome)])).event(), OrderEvent::Fulfilled(_)));
}
