//! Paying by card: asked for when the pieces are held, taken when the order counts as sold, undone whatever comes.

use tillroll_log::Aggregate;
use tillroll_schemas::invoice_series::{Document, InvoiceOutcome, RecordInvoiceAnswer, Series};
use tillroll_schemas::payment::{PaymentOutcome, RecordPaymentAnswer};
use tillroll_schemas::{Money, OrderId, PaymentId, RefundId, UserId};

use super::*;
use crate::order::{Life, OrderBody, PaymentStatus, Status};

pub(super) const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(77));
const BUYER: UserId = UserId(Uuid::from_u128(88));
/// Two mugs, a bowl and the postage, with tax.
pub(super) const GROSS: i64 = 1_092;

pub(super) fn by_card(lines: Vec<Line>) -> PlaceOrder {
    let payment = PaymentTerms::Card { payment_id: PAYMENT, token: "pm_card_visa".into() };
    PlaceOrder { user_id: Some(BUYER), payment, ..place(lines) }
}

pub(super) fn says(outcome: PaymentOutcome) -> RecordPaymentAnswer {
    RecordPaymentAnswer { payment_id: PAYMENT, outcome }
}

fn gross() -> Money {
    gbp(GROSS)
}

fn all_of(outcome: StockOutcome) -> RecordStockAnswers {
    answers([answer("MUG", outcome.clone()), answer("BOWL", outcome)])
}

/// The story so far: each command is an event.
pub(super) fn story(commands: Vec<OrderCommand>) -> Given {
    commands.into_iter().fold(given([]), |story, command| {
        let event = story.when(command).event();
        story.and([event])
    })
}

fn reserved_by_card() -> Vec<OrderCommand> {
    let lines = vec![line("MUG", 2, 255), line("BOWL", 1, 100), service("POST", 300)];
    vec![by_card(lines).into(), all_of(StockOutcome::Reserved).into()]
}

pub(super) fn authorised() -> Vec<OrderCommand> {
    [reserved_by_card(), vec![says(PaymentOutcome::Authorised).into()]].concat()
}

pub(super) fn sold_by_card() -> Vec<OrderCommand> {
    [authorised(), vec![all_of(StockOutcome::Committed).into(), Continue {}.into()]].concat()
}

fn taken() -> Vec<OrderCommand> {
    [sold_by_card(), vec![says(PaymentOutcome::Captured { amount: gross() }).into()]].concat()
}

pub(super) fn numbered() -> RecordInvoiceAnswer {
    let document = Document::Invoice { order_id: OrderId(Uuid::from_u128(1)) };
    RecordInvoiceAnswer { document, outcome: InvoiceOutcome::Issued { series: Series::of(at(0)), number: 1 } }
}

/// Sold, paid and invoiced.
pub(super) fn settled() -> Given {
    story([taken(), vec![numbered().into()]].concat())
}

pub(super) fn body(story: &Given) -> OrderBody {
    OrderBody::of(&"1".into(), &story.state()).unwrap()
}

fn cancel() -> CancelOrder {
    CancelOrder { by: Some(BUYER), reason: None }
}

/// What is undone, and why.
fn undone(event: OrderEvent) -> (Option<Undo>, String) {
    let OrderEvent::CompensationStarted(started) = event else { panic!("{event:?}") };
    (started.undo, started.reason.code)
}

const VOID: Option<Undo> = Some(Undo::Void { payment_id: PAYMENT });

#[test]
fn money_is_asked_for_when_the_last_reservation_stands() {
    let OrderEvent::PaymentRequested(asked) = story(reserved_by_card()).0.pop().unwrap() else { panic!() };
    assert_eq!((asked.payment_id, asked.user_id, asked.amount), (PAYMENT, Some(BUYER), gross()));
    assert!(asked.answer_by < asked.authorise_by && asked.authorise_by < asked.action_by);
    let free = vec![by_card(vec![line("MUG", 2, 0)]).into()];
    let reserved = story(free).when(answers([answer("MUG", StockOutcome::Reserved)])).event();
    assert!(matches!(reserved, OrderEvent::StockReserved(_)), "what costs nothing is not paid: {reserved:?}");
}

#[test]
fn what_is_held_is_sold_then_taken_then_invoiced() {
    let story = settled();
    assert!(matches!(story.0[2], OrderEvent::PaymentAuthorised(_)), "{:?}", story.0);
    let OrderEvent::Confirmed(confirmed) = &story.0[4] else { panic!("{:?}", story.0) };
    assert_eq!(confirmed.capture, Some(Charge { payment_id: PAYMENT, amount: gross() }));
    assert_eq!(confirmed.invoice, None, "first the money");
    let OrderEvent::PaymentCaptured(captured) = &story.0[5] else { panic!("{:?}", story.0) };
    assert_eq!((captured.invoice.user_id, captured.invoice.lines.len()), (Some(BUYER), 3));
    assert_eq!(body(&story).payment.status, PaymentStatus::Captured);
    assert_eq!(Order::deadline(&story.state()), None);
}

#[test]
fn a_buyer_waits_until_the_money_is_taken_and_not_for_the_number() {
    assert!(!Order::settled(&story(sold_by_card()).state()));
    assert!(Order::settled(&story(taken()).state()));
    let story = story(sold_by_card());
    let delivery = RequestFulfilment { fulfilment_id: delivery(1), items: None };
    story.when(delivery).refused("payment_pending");
}

#[test]
fn a_declined_card_releases_the_pieces_and_needs_no_void() {
    let declined = |code: &str| says(PaymentOutcome::Declined { code: code.to_owned() });
    let story = story(reserved_by_card());
    for (code, reason) in [("card_declined", "payment_declined"), ("action_overdue", "payment_expired")] {
        assert_eq!(undone(story.when(declined(code)).event()), (None, reason.to_owned()));
    }
    // What nobody decided may still be; an earlier build called that declined, too.
    let refused = |code: &str| says(PaymentOutcome::RequestRefused { code: code.to_owned() });
    for undecided in [refused("another_request"), refused("dead_lettered"), declined("dead_lettered")] {
        assert_eq!(undone(story.when(undecided).event()), (VOID, "payment_declined".to_owned()));
    }
}

#[test]
fn a_customer_who_has_to_act_has_his_time_and_no_more() {
    let asked = says(PaymentOutcome::RequiresAction { action_by: at(900) });
    let story = story([reserved_by_card(), vec![asked.clone().into()]].concat());
    assert!(Order::settled(&story.state()), "it is his turn");
    let told = body(&story);
    assert_eq!((told.status, told.payment.action_by), (Status::RequiresAction, Some(at(900))));
    assert_eq!(told.payment.action, Some(format!("/api/v1/payments/{PAYMENT}/action")));
    story.when(asked).nothing();
    assert_eq!(Order::deadline(&story.state()), Some(at(960)));
    let over = story.when(DeadlinePassed { deadline: at(960) }).event();
    assert_eq!(undone(over), (VOID, "payment_expired".to_owned()));
    let authorised = story.when(says(PaymentOutcome::Authorised)).event();
    assert!(matches!(authorised, OrderEvent::PaymentAuthorised(_)));
}

#[test]
fn whenever_it_is_called_off_the_money_is_voided_or_given_back() {
    let stages = [(reserved_by_card(), VOID), (authorised(), VOID), (sold_by_card(), VOID)];
    for (commands, undo) in stages {
        assert_eq!(undone(story(commands).when(cancel()).event()).0, undo);
    }
    for commands in [taken(), [taken(), vec![numbered().into()]].concat()] {
        let event = story(commands).when(cancel()).event();
        let OrderEvent::CompensationStarted(started) = &event else { panic!("{event:?}") };
        assert!(started.credit_note.is_some(), "what is invoiced is credited");
        assert!(matches!(started.undo, Some(Undo::Refund { amount, .. }) if amount == gross()), "{started:?}");
    }
    let early: Vec<OrderCommand> = reserved_by_card().into_iter().take(1).collect();
    assert_eq!(undone(story(early).when(cancel()).event()).0, None, "nothing was asked for yet");
    let stranger = CancelOrder { by: Some(UserId(Uuid::from_u128(1))), reason: None };
    story(taken()).when(stranger).refused("not_found");
}

#[test]
fn a_void_that_comes_too_late_becomes_a_refund() {
    let off = story([sold_by_card(), vec![cancel().into()]].concat());
    let refused = |code: &str| says(PaymentOutcome::VoidRefused { code: code.to_owned() });
    let captured = says(PaymentOutcome::Captured { amount: gross() });
    let OrderEvent::UndoRequested(asked) = off.when(refused("captured")).event() else { panic!() };
    assert!(matches!(asked.undo, Undo::Refund { amount, .. } if amount == gross()));
    // The answer to the capture says it as well, whichever comes first.
    assert!(matches!(off.when(captured.clone()).event(), OrderEvent::UndoRequested(_)));
    let waiting = off.when(refused("capturing")).event();
    let off = off.and([waiting]);
    off.when(refused("capturing")).nothing();
    assert!(matches!(off.when(captured).event(), OrderEvent::UndoRequested(_)));
    let unanswered = reason("payment_unanswered", "no answer in time");
    let stuck = off.clone_and([Stuck::new(Step::Release, unanswered).into()]);
    // Nobody would give back what is taken after that.
    stuck.when(CompleteStep { reason: "looked".to_owned() }).refused("payment_pending");
    let not_taken = says(PaymentOutcome::CaptureRefused { code: "expired".to_owned() });
    let OrderEvent::UndoRequested(again) = off.when(not_taken).event() else { panic!() };
    assert_eq!(Some(again.undo), VOID, "what was not taken can be voided now");
}

#[test]
fn money_that_lapsed_before_it_was_taken_needs_no_void() {
    let lapsed = says(PaymentOutcome::Declined { code: "authorisation_cancelled".to_owned() });
    assert_eq!(undone(story(sold_by_card()).when(lapsed.clone()).event()), (None, "payment_failed".to_owned()));
    // Called off while it was being taken.
    let off = story([sold_by_card(), vec![cancel().into(), all_of(StockOutcome::Released).into()]].concat());
    off.when(lapsed.clone()).nothing();
    let capturing = says(PaymentOutcome::VoidRefused { code: "capturing".to_owned() });
    let waiting = off.when(capturing).event();
    let over = off.and([waiting]).when(lapsed).event();
    assert!(matches!(over, OrderEvent::Cancelled(Cancelled { refunded: None, .. })), "{over:?}");
}

#[test]
fn a_void_that_nobody_decided_leaves_the_order_stuck() {
    for code in ["dead_lettered", "conflict"] {
        let off = story([sold_by_card(), vec![cancel().into()]].concat());
        let refused = says(PaymentOutcome::VoidRefused { code: code.to_owned() });
        let stuck = off.when(refused.clone()).event();
        let off = off.and([stuck]);
        assert_eq!(off.state().life.stuck().unwrap().code, code);
        off.when(refused).nothing();
        let OrderEvent::StepRetried(again) = off.when(RetryStep { reason: None }).event() else { panic!() };
        assert_eq!(again.undo, VOID);
    }
}

#[test]
fn an_order_is_off_only_when_the_money_is_back_too() {
    let off = story([authorised(), vec![cancel().into()]].concat());
    let voided = says(PaymentOutcome::Voided);
    let noted = off.when(voided.clone()).event();
    assert!(matches!(noted, OrderEvent::PaymentAnswered(_)), "stock items are awaited: {noted:?}");
    off.clone_and([noted]).when(voided.clone()).nothing();
    let released = off.when(all_of(StockOutcome::Released)).event();
    assert!(matches!(released, OrderEvent::StockAnswered(_)), "the payment is awaited: {released:?}");
    let last = off.and([released]).when(voided).event();
    assert!(matches!(last, OrderEvent::Cancelled(Cancelled { refunded: None, credit: None, .. })), "{last:?}");
}

#[test]
fn money_that_the_bank_sends_back_opens_an_order_that_was_off() {
    let off = story([taken(), vec![cancel().into(), all_of(StockOutcome::Released).into()]].concat());
    let OrderEvent::CompensationStarted(CompensationStarted { undo: Some(Undo::Refund { refund_id, .. }), .. }) =
        off.0[6].clone()
    else {
        panic!("{:?}", off.0)
    };
    let document = Document::CreditNote { credit_id: Uuid::from_u128(1), order_id: Some(OrderId(Uuid::from_u128(1))) };
    let noted = off.when(RecordInvoiceAnswer { document, ..numbered() }).event();
    let off = off.and([noted]);
    let back = off.when(says(PaymentOutcome::Refunded { refund_id, amount: gross() })).event();
    let OrderEvent::Cancelled(cancelled) = &back else { panic!("{back:?}") };
    assert_eq!(cancelled.refunded, Some(gross()));
    assert!(cancelled.told.is_some());
    let off = off.and([back]);
    assert_eq!(body(&off).refunded, gross());
    let refused = |refund_id| says(PaymentOutcome::RefundRefused { refund_id, code: "failed".to_owned() });
    off.when(refused(RefundId(Uuid::from_u128(5)))).nothing();
    let bounced = off.when(refused(refund_id)).event();
    let off = off.and([bounced]);
    assert_eq!((body(&off).status, body(&off).refunded), (Status::Stuck, gbp(0)));
    let again = off.when(RetryStep { reason: None }).event();
    let OrderEvent::StepRetried(StepRetried { undo: Some(Undo::Refund { refund_id: second, .. }), .. }) = &again else {
        panic!("{again:?}")
    };
    assert_ne!(*second, refund_id, "a refund that was refused is never made anew");
    let done = off.and([again.clone()]).when(says(PaymentOutcome::Refunded { refund_id: *second, amount: gross() }));
    let OrderEvent::Cancelled(over) = done.event() else { panic!() };
    assert_eq!((over.credit, over.told), (None, None), "it was credited before, and he knows that it is off");
}

#[test]
fn answers_that_belong_to_no_question_change_nothing() {
    let refund_id = RefundId(Uuid::from_u128(5));
    let all = [
        PaymentOutcome::Authorised,
        PaymentOutcome::RequiresAction { action_by: at(900) },
        PaymentOutcome::Declined { code: "x".to_owned() },
        PaymentOutcome::Captured { amount: gross() },
        PaymentOutcome::CaptureRefused { code: "x".to_owned() },
        PaymentOutcome::Voided,
        PaymentOutcome::VoidRefused { code: "x".to_owned() },
        PaymentOutcome::Refunded { refund_id, amount: gross() },
        PaymentOutcome::RefundRefused { refund_id, code: "x".to_owned() },
        PaymentOutcome::RequestRefused { code: "x".to_owned() },
    ];
    let stories: [(Given, &[usize]); 6] = [
        (story(reserved_by_card()), &[0, 1, 2, 9]),
        (story(authorised()), &[]),
        (story(sold_by_card()), &[2, 3, 4]),
        (story(taken()), &[]),
        (settled(), &[]),
        (story([authorised(), vec![cancel().into()]].concat()), &[3, 5, 6]),
    ];
    for (story, heard) in stories {
        for (which, outcome) in all.iter().enumerate() {
            let decided = story.when(says(outcome.clone())).0;
            assert_eq!(decided != Ok(None), heard.contains(&which), "{outcome:?} after {:?}", story.0.last());
        }
    }
    assert!(matches!(story(taken()).state().life, Life::Confirmed(_)));
    story(sold_by_card()).when(numbered()).nothing();
    settled().when(numbered()).nothing();
}
