//! Orders as rows: the last state of a batch, the saga's status, nothing from keys that are no order ids.

use super::*;
use crate::samples::{at, envelope, line, placed, quantity, sale};
use tillroll_schemas::FulfilmentId;
use tillroll_schemas::order::{
    Cancelled, CompensationStarted, Confirmed, FulfilmentRequested, PaymentAnswered, StepCompleted, StepOverdue,
    StockAnswered, StockClaim, StockCommitted, StockReserved, Stuck,
};
use tillroll_schemas::payment::PaymentOutcome;

const ORDER: Uuid = Uuid::from_u128(7);

fn fold(batch: &mut Batch, version: u64, event: impl Into<OrderEvent>) {
    let envelope = envelope("order.events.v1", &ORDER.to_string(), version, 100 + version.cast_signed());
    let event = event.into();
    let body = String::from_utf8(event.encode().unwrap()).unwrap();
    Orders::fold(batch, &envelope, &OrderRecord { order: ORDER, event, body });
}

fn reason() -> Reason {
    Reason { code: "timed_out".to_owned(), detail: "no answer".to_owned() }
}

fn delivery(pieces: i64, complete: bool) -> Fulfilled {
    let items = vec![StockClaim { sku: crate::samples::sku("LAMP"), quantity: quantity(pieces) }];
    let (answers, releases) = (Vec::new(), Vec::new());
    Fulfilled { told: None, fulfilment_id: FulfilmentId(ORDER), items, answers, complete, releases }
}

fn statuses(events: Vec<OrderEvent>) -> Vec<Option<&'static str>> {
    let after = |event: &OrderEvent| status_after(event).map(Status::name);
    events.iter().map(after).collect()
}

#[test]
fn an_order_placed_in_the_batch_is_one_row_with_its_final_state() {
    let mut batch = Batch::default();
    fold(&mut batch, 1, placed(vec![line("LAMP", None, 6, 255)]));
    fold(
        &mut batch,
        2,
        Confirmed {
            told: None,
            sale: sale("2010-12-01T08:26:00Z", &[]),
            capture: None,
            invoice: None,
            cart: None,
            answer_by: None,
        },
    );
    fold(&mut batch, 3, delivery(4, false));
    fold(&mut batch, 4, delivery(2, true));
    assert!(batch.changed.is_empty());
    let (order, change) = &batch.placed[&ORDER];
    assert_eq!((order.customer.as_deref(), order.lines.len()), (Some("17850"), 1));
    assert_eq!((change.status, change.version, change.offset), (Some(Status::Fulfilled), Version(4), Offset(104)));
    assert_eq!(batch.fulfilled.values().copied().collect::<Vec<_>>(), [6]);
    assert_eq!(batch.history.iter().map(|happened| happened.version.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn an_order_placed_earlier_is_only_changed() {
    let mut batch = Batch::default();
    fold(&mut batch, 5, StockAnswered { answers: Vec::new() });
    assert_eq!(
        batch.changed[&ORDER],
        Change { version: Version(5), partition: PartitionId(3), offset: Offset(105), ..Change::default() }
    );
    fold(
        &mut batch,
        6,
        Cancelled {
            told: None,
            reason: reason(),
            answers: Vec::new(),
            credit: None,
            payment_answer: None,
            invoice_answer: None,
            refunded: None,
            cart: None,
        },
    );
    let change = &batch.changed[&ORDER];
    assert_eq!((change.status, change.cancellation.as_ref()), (Some(Status::Cancelled), Some(&reason())));
    assert!(batch.placed.is_empty());
}

#[test]
fn the_status_is_that_of_the_saga() {
    let (answers, claims, answer_by) = (Vec::new, Vec::new, at("2010-12-01T08:27:00Z"));
    let fulfilment_id = FulfilmentId(ORDER);
    assert_eq!(
        statuses(vec![
            placed(Vec::new()).into(),
            StockAnswered { answers: answers() }.into(),
            StockReserved { answers: answers(), claims: claims(), answer_by }.into(),
            StockCommitted { answers: answers() }.into(),
            Confirmed {
                told: None,
                sale: sale("2010-12-01T08:26:00Z", &[]),
                capture: None,
                invoice: None,
                cart: None,
                answer_by: None
            }
            .into(),
            FulfilmentRequested { fulfilment_id, items: claims(), claims: claims(), answer_by }.into(),
            delivery(1, false).into(),
            delivery(1, true).into(),
        ]),
        [
            Some("pending"),
            None,
            Some("pending"),
            Some("pending"),
            Some("confirmed"),
            Some("confirmed"),
            Some("confirmed"),
            Some("fulfilled")
        ]
    );
}

#[test]
fn an_order_that_ends_is_pending_stuck_or_cancelled() {
    let answer_by = at("2010-12-01T08:27:00Z");
    assert_eq!(
        statuses(vec![
            CompensationStarted {
                reason: reason(),
                answers: Vec::new(),
                releases: Vec::new(),
                payment_answer: None,
                undo: None,
                credit_note: None,
                answer_by
            }
            .into(),
            Stuck {
                step: Step::Release,
                reason: reason(),
                answers: Vec::new(),
                payment_answer: None,
                invoice_answer: None,
                owed: None
            }
            .into(),
            StepOverdue { step: Step::Release, attempt: 2, answer_by }.into(),
            StepOverdue { step: Step::Fulfil, attempt: 2, answer_by }.into(),
            Cancelled {
                told: None,
                reason: reason(),
                answers: Vec::new(),
                credit: None,
                payment_answer: None,
                invoice_answer: None,
                refunded: None,
                cart: None
            }
            .into(),
        ]),
        [Some("pending"), Some("stuck"), Some("pending"), Some("confirmed"), Some("cancelled")]
    );
}

#[test]
fn a_key_that_is_no_order_id_is_not_understood() {
    let refused = Orders::decode(&envelope("order.events.v1", "LAMP", 1, 1), b"{}");
    assert!(matches!(refused, Err(Undecodable::Key(key)) if key == "LAMP"));
}

#[test]
fn how_an_order_is_paid_follows_its_events() {
    use tillroll_schemas::order::{PaymentActionRequired, PaymentAuthorised, PaymentTerms, RefundRefused};
    use tillroll_schemas::{PaymentId, RefundId};
    let payment = PaymentTerms::Card { payment_id: PaymentId(ORDER), token: "pm".into() };
    let mut batch = Batch::default();
    fold(&mut batch, 1, Placed { payment, ..placed(vec![line("LAMP", None, 6, 255)]) });
    let answer_by = at("2010-12-01T08:30:00Z");
    fold(&mut batch, 2, PaymentActionRequired { told: None, action_by: answer_by, answer_by });
    let paid = |batch: &Batch| {
        let (order, change) = &batch.placed[&ORDER];
        (order.charged, change.status, change.payment.status.map(paying::Status::name), change.payment.action_by)
    };
    assert_eq!(paid(&batch), (true, Some(Status::RequiresAction), Some("requires_action"), Some(answer_by)));
    fold(&mut batch, 3, PaymentAuthorised { claims: Vec::new(), answer_by });
    assert_eq!(paid(&batch), (true, Some(Status::Pending), Some("authorised"), None));
    let money = crate::samples::gbp(1_530);
    let (payment_answer, invoice_answer, credit, cart) = (None, None, None, None);
    let refunded = Some(money);
    let answers = Vec::new();
    let off =
        Cancelled { told: None, reason: reason(), answers, payment_answer, invoice_answer, credit, refunded, cart };
    fold(&mut batch, 4, off);
    assert_eq!(batch.placed[&ORDER].1.payment.refunded, 1_530);
    assert_eq!(paid(&batch), (true, Some(Status::Cancelled), Some("refunded"), None));
    let code = "failed".to_owned();
    fold(&mut batch, 5, RefundRefused { refund_id: RefundId(ORDER), code, taken_back: Some(money), was_off: true });
    assert_eq!(batch.placed[&ORDER].1.payment.refunded, 0);
    assert_eq!(paid(&batch), (true, Some(Status::Stuck), Some("undoing"), None));
}

#[test]
fn what_was_credited_and_bounced_is_owed_until_it_goes_back_once_more() {
    let mut batch = Batch::default();
    let mut owed = |version: u64, event: OrderEvent| {
        fold(&mut batch, version, event);
        owed_by(&[&batch])
    };
    assert_eq!(owed(2, goes_back(1, 120, 100)), 0);
    assert_eq!(owed(3, bounced(1, 120, false)), 120);
    // Of 180 its note credits 60.
    assert_eq!(owed(4, goes_back(2, 180, 50)), 0);
}

/// So much goes back, of which its note credits so much before tax.
fn goes_back(refund: u128, amount: i64, net: i64) -> OrderEvent {
    use tillroll_schemas::invoice_series::InvoiceLine;
    use tillroll_schemas::order::{Paper, Reversal};
    use tillroll_schemas::{RefundId, TaxRate};
    let at = at("2010-12-01T08:30:00Z");
    let reversal = Reversal {
        refund_id: RefundId(Uuid::from_u128(refund)),
        amount: crate::samples::gbp(amount),
        lines: vec![InvoiceLine {
            sku: crate::samples::sku("LAMP"),
            name: "Lamp".to_owned(),
            quantity: quantity(1),
            net: crate::samples::gbp(net),
            tax_rate: TaxRate::try_from(2_000).unwrap(),
            fixed_tax: None,
        }],
        pieces: Vec::new(),
        returned: false,
        restock: Vec::new(),
        reason: "broken".to_owned(),
    };
    let credit_note = Paper { dated: at, user_id: None, customer: None, country: None, buyer: None, lines: Vec::new() };
    let (credit, releases) = (sale("2010-12-01T08:30:00Z", &[]), Vec::new());
    Refunded { told: None, reversal, credit, credit_note, answer_by: at, complete: false, releases }.into()
}

fn bounced(refund: u128, amount: i64, was_off: bool) -> OrderEvent {
    use tillroll_schemas::RefundId;
    use tillroll_schemas::order::RefundRefused;
    let (refund_id, taken_back) = (RefundId(Uuid::from_u128(refund)), Some(crate::samples::gbp(amount)));
    RefundRefused { refund_id, code: "failed".to_owned(), taken_back, was_off }.into()
}

/// Of an order that is off: one refund is back, and what came back meanwhile is owed.
fn is_back_and_owes(amount: i64, owed: i64) -> OrderEvent {
    use tillroll_schemas::RefundId;
    let payment_answer =
        Some(PaymentOutcome::Refunded { refund_id: RefundId(ORDER), amount: crate::samples::gbp(amount) });
    let owed = Some(crate::samples::gbp(owed));
    Stuck { payment_answer, owed, ..Stuck::new(Step::Release, reason()) }.into()
}

fn cancelled(refunded: i64) -> OrderEvent {
    Cancelled {
        told: None,
        reason: reason(),
        answers: Vec::new(),
        credit: None,
        payment_answer: None,
        invoice_answer: None,
        refunded: Some(crate::samples::gbp(refunded)),
        cart: None,
    }
    .into()
}

fn answered(outcome: PaymentOutcome) -> OrderEvent {
    PaymentAnswered { outcome }.into()
}

fn seen_to(step: Step) -> OrderEvent {
    let answer_by = at("2010-12-01T08:30:00Z");
    StepCompleted { step, reason: "by hand".to_owned(), skus: Vec::new(), answer_by }.into()
}

fn called_off() -> OrderEvent {
    let (answers, releases, answer_by) = (Vec::new(), Vec::new(), at("2010-12-01T08:30:00Z"));
    let (payment_answer, undo, credit_note) = (None, None, None);
    CompensationStarted { reason: reason(), answers, payment_answer, releases, undo, credit_note, answer_by }.into()
}

/// What the row says, as its statement computes it batch by batch.
fn owed_by(batches: &[&Batch]) -> i64 {
    let changes = batches.iter().map(|batch| &batch.changed[&ORDER].payment);
    changes.fold(0, |owed, change| (owed + change.owed).max(change.owed_least))
}

#[test]
fn what_is_owed_is_never_less_than_nothing_in_whichever_batches_it_came() {
    let told = [
        // An earlier build has credited a penny less than went back.
        (goes_back(1, 120, 99), 0),
        (goes_back(2, 400, 100), 0),
        (bounced(2, 400, false), 400),
        (goes_back(3, 500, 83), 0),
        (bounced(3, 500, false), 500),
        (goes_back(4, 500, 0), 0),
        // It is off now.
        (bounced(1, 120, true), 120),
        (bounced(4, 500, true), 620),
        (is_back_and_owes(120, 500), 500),
        (bounced(5, 120, true), 620),
        (is_back_and_owes(500, 120), 120),
        (cancelled(120), 0),
        (bounced(6, 50, true), 50),
        (answered(PaymentOutcome::VoidRefused { code: "capturing".to_owned() }), 50),
        (seen_to(Step::Capture), 50),
        (answered(PaymentOutcome::Voided), 0),
        (bounced(7, 30, true), 30),
        (seen_to(Step::Release), 0),
        (bounced(8, 40, true), 40),
        (called_off(), 0),
        (bounced(9, 60, true), 60),
        (cancelled(1_092), 0),
    ];
    for batch_of in 1..=told.len() {
        let mut batches = Vec::new();
        for (nth, events) in told.chunks(batch_of).enumerate() {
            let mut batch = Batch::default();
            for (version, (event, _)) in (2 + nth as u64 * 20..).zip(events) {
                fold(&mut batch, version, event.clone());
            }
            batches.push(batch);
            let owed = owed_by(&batches.iter().collect::<Vec<_>>());
            assert_eq!(owed, events.last().unwrap().1, "{batch_of} at a time, after {:?}", events.last());
        }
    }
}
