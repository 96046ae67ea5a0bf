//! The checkout answer by answer: from placed to confirmed, or back to nothing held.
//! An answer counts once, and only for the question that the order waits on.

use StockOutcome::{CommitRefused, Committed, ReleaseRefused, Released, ReservationRefused, Reserved};
use tillroll_log::Aggregate;
use tillroll_schemas::order::*;

use super::*;

fn code(text: &str) -> String {
    text.to_owned()
}

#[test]
fn while_some_reservations_are_awaited_the_others_are_noted() {
    let mug = answer("MUG", Reserved);
    given([placed()]).when(answers([mug.clone()])).then(StockAnswered { answers: vec![mug] });
}

#[test]
fn the_last_reservation_asks_for_the_commits() {
    let (mug, bowl) = (answer("MUG", Reserved), answer("BOWL", Reserved));
    let noted = StockAnswered { answers: vec![mug.clone()] };
    let asked = |answers| StockReserved { answers, claims: story_claims(), answer_by: at(NOW_S + 10) };
    given([placed(), noted.into()]).when(answers([bowl.clone()])).then(asked(vec![bowl.clone()]));
    given([placed()]).when(answers([mug.clone(), bowl.clone()])).then(asked(vec![mug, bowl]));
}

#[test]
fn the_last_commit_completes_the_stock_and_the_order_confirms_itself() {
    let (mug, bowl) = (answer("MUG", Committed), answer("BOWL", Committed));
    let story = given([placed(), reserved()]);
    story.when(answers([mug.clone()])).then(StockAnswered { answers: vec![mug.clone()] });
    let both = vec![mug, bowl];
    story.when(RecordStockAnswers { answers: both.clone() }).then(StockCommitted { answers: both });
    given([placed(), reserved(), committed()]).when(Continue {}).then(sold(&placed()));
}

#[test]
fn an_order_without_stock_passes_every_step_by_itself() {
    let nobody = StockReserved { answers: vec![], claims: vec![], answer_by: at(NOW_S + 10) };
    given([placed_service()]).when(Continue {}).then(nobody.clone());
    let story = given([placed_service(), nobody.into()]);
    story.when(Continue {}).then(StockCommitted { answers: vec![] });
    story.and([StockCommitted { answers: vec![] }.into()]).when(Continue {}).then(sold(&placed_service()));
}

#[test]
fn nothing_goes_on_by_itself_while_somebody_is_awaited() {
    for story in [
        given([placed()]),
        given([placed(), reserved()]),
        given([placed(), compensating(&["MUG"])]),
        given([placed(), cancelled()]),
        confirmed_story(),
        confirmed_story().and([requested(1, &everything())]),
        confirmed_story().and([requested(1, &everything()), fulfilled(1, &everything(), true)]),
    ] {
        story.when(Continue {}).nothing();
    }
}

#[test]
fn an_answer_that_was_heard_is_not_heard_again() {
    let mug = answer("MUG", Reserved);
    let story = given([placed(), StockAnswered { answers: vec![mug.clone()] }.into()]);
    story.when(answers([mug.clone(), mug.clone()])).nothing();
    let again = answer("MUG", ReservationRefused { code: code("insufficient_stock") });
    story.when(answers([again])).nothing();
    given([placed()]).when(answers([mug.clone(), mug.clone()])).then(StockAnswered { answers: vec![mug] });
}

#[test]
fn an_answer_to_a_question_that_is_over_or_was_never_asked_is_not_heard() {
    let id = delivery(9);
    let all = [
        Reserved,
        ReservationRefused { code: code("x") },
        Committed,
        CommitRefused { code: code("x") },
        Released,
        ReleaseRefused { code: code("x") },
        StockOutcome::Fulfilled { fulfilment_id: id },
        StockOutcome::FulfilmentRefused { fulfilment_id: id, code: code("x") },
    ];
    let stories: [(Given, &[usize]); 6] = [
        (given([placed()]), &[0, 1]),
        (given([placed(), reserved()]), &[2, 3]),
        (given([placed(), compensating(&["MUG", "BOWL"])]), &[4, 5]),
        (confirmed_story(), &[]),
        (confirmed_story().and([requested(9, &everything())]), &[6, 7]),
        (given([placed(), cancelled()]), &[]),
    ];
    for (story, heard) in stories {
        for (which, outcome) in all.iter().enumerate() {
            let decided = story.when(answers([answer("MUG", outcome.clone())])).0;
            assert_eq!(decided != Ok(None), heard.contains(&which), "{outcome:?} after {:?}", story.0.last());
        }
        story.when(answers([answer("STRANGER", Reserved)])).nothing();
    }
}

#[test]
fn a_refused_reservation_releases_what_may_be_held() {
    let refused = answer("BOWL", ReservationRefused { code: code("insufficient_stock") });
    let started = CompensationStarted {
        reason: reason("insufficient_stock", "BOWL could not be reserved: insufficient_stock"),
        answers: vec![refused.clone()],
        releases: vec![sku("MUG")],
        payment_answer: None,
        undo: None,
        credit_note: None,
        answer_by: at(NOW_S + 10),
    };
    given([placed()]).when(answers([refused.clone()])).then(started.clone());
    let held = StockAnswered { answers: vec![answer("MUG", Reserved)] };
    given([placed(), held.into()]).when(answers([refused])).then(started);
}

#[test]
fn an_order_of_which_nothing_can_be_held_is_cancelled_at_once() {
    let refused = |text| answer(text, ReservationRefused { code: code("insufficient_stock") });
    let both = vec![refused("MUG"), refused("BOWL")];
    given([placed()]).when(RecordStockAnswers { answers: both.clone() }).then(Cancelled {
        told: None,
        reason: reason("insufficient_stock", "MUG, BOWL could not be reserved: insufficient_stock"),
        answers: both,
        credit: None,
        payment_answer: None,
        invoice_answer: None,
        refunded: None,
        cart: None,
    });
}

#[test]
fn a_command_that_nobody_decided_is_released_too_because_it_may_be_redriven() {
    let lost = answer("BOWL", ReservationRefused { code: code("dead_lettered") });
    let OrderEvent::CompensationStarted(started) = given([placed()]).when(answers([lost])).event() else { panic!() };
    assert_eq!(started.releases, [sku("BOWL"), sku("MUG")]);
}

#[test]
fn a_refused_commit_releases_the_others() {
    let refused = answer("BOWL", CommitRefused { code: code("insufficient_stock") });
    let story = given([placed(), reserved()]);
    story.when(answers([answer("MUG", Committed), refused.clone()])).then(CompensationStarted {
        reason: reason("insufficient_stock", "BOWL could not be committed: insufficient_stock"),
        answers: vec![answer("MUG", Committed), refused],
        releases: vec![sku("MUG")],
        payment_answer: None,
        undo: None,
        credit_note: None,
        answer_by: at(NOW_S + 10),
    });
}

#[test]
fn an_order_is_cancelled_when_everything_is_released() {
    let story = given([placed(), compensating(&["MUG", "BOWL"])]);
    let (mug, bowl) = (answer("MUG", Released), answer("BOWL", Released));
    story.when(answers([mug.clone()])).then(StockAnswered { answers: vec![mug.clone()] });
    let why = reason("insufficient_stock", "too few");
    story.when(answers([mug.clone(), bowl.clone()])).then(Cancelled {
        told: None,
        reason: why,
        answers: vec![mug, bowl],
        credit: None,
        payment_answer: None,
        invoice_answer: None,
        refunded: None,
        cart: None,
    });
}

#[test]
fn a_refused_release_leaves_the_order_stuck_until_it_is_released_after_all() {
    let story = given([placed(), compensating(&["MUG", "BOWL"])]);
    let refused = answer("MUG", ReleaseRefused { code: code("dead_lettered") });
    let stuck = Stuck {
        step: Step::Release,
        reason: reason("dead_lettered", "MUG could not be released: dead_lettered"),
        answers: vec![answer("BOWL", Released), refused.clone()],
        payment_answer: None,
        invoice_answer: None,
        owed: None,
    };
    story.when(answers([answer("BOWL", Released), refused.clone()])).then(stuck.clone());
    let story = story.and([stuck.into()]);
    assert!(Order::settled(&story.state()) && Order::deadline(&story.state()).is_none());
    story.when(answers([refused])).nothing();
    story.when(answers([answer("MUG", Released)])).then(Cancelled {
        told: None,
        reason: reason("insufficient_stock", "too few"),
        answers: vec![answer("MUG", Released)],
        credit: None,
        payment_answer: None,
        invoice_answer: None,
        refunded: None,
        cart: None,
    });
}

#[test]
fn many_refusals_are_named_up_to_ten() {
    let lines: Vec<Line> = (0..13).map(|n| line(&format!("S{n:02}"), 1, 1)).collect();
    let refuse = |line: &Line| StockAnswer {
        sku: line.sku.clone(),
        outcome: ReservationRefused { code: code("insufficient_stock") },
    };
    let all = lines.iter().map(refuse).collect();
    let story = given([given([]).when(place(lines)).event()]);
    let OrderEvent::Cancelled(off) = story.when(RecordStockAnswers { answers: all }).event() else { panic!() };
    assert!(off.reason.detail.contains("S09 and 3 more"), "{}", off.reason.detail);
}

#[test]
fn answers_that_follow_each_other_become_one_decision_up_to_two_thousand() {
    let of = |many: usize| OrderCommand::from(RecordStockAnswers { answers: vec![answer("MUG", Reserved); many] });
    let mut first = of(1);
    assert_eq!(Order::join(&mut first, of(2)), Ok(()));
    assert_eq!(first, of(3));
    assert_eq!(Order::join(&mut first, of(1_998)), Err(of(1_998)));
    assert_eq!(Order::join(&mut first, of(1_997)), Ok(()));
    assert_eq!(Order::join(&mut first, Continue {}.into()), Err(Continue {}.into()));
    assert_eq!(Order::join(&mut Continue {}.into(), of(1)), Err(of(1)));
}
