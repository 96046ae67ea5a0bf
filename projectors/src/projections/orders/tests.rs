//! Orders as rows: the last state of a batch, the saga's status, nothing from keys that are no order ids.

use super::*;
use crate::samples::{at, envelope, line, placed, quantity, sale};
use tillroll_schemas::FulfilmentId;
use tillroll_schemas::order::{
    Cancelled, CompensationStarted, Confirmed, FulfilmentRequested, StepOverdue, StockAnswered, StockClaim,
    StockCommitted, StockReserved, Stuck,
};

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
    Fulfilled { fulfilment_id: FulfilmentId(ORDER), items, answers: Vec::new(), complete }
}

fn statuses(events: Vec<OrderEvent>) -> Vec<Option<&'static str>> {
    let after = |event: &OrderEvent| status_after(event).map(Status::name);
    events.iter().map(after).collect()
}

#[test]
fn an_order_placed_in_the_batch_is_one_row_with_its_final_state() {
    let mut batch = Batch::default();
    fold(&mut batch, 1, placed(vec![line("LAMP", None, 6, 255)]));
    fold(&mut batch, 2, Confirmed { sale: sale("2010-12-01T08:26:00Z", &[]) });
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
    fold(&mut batch, 6, Cancelled { reason: reason(), answers: Vec::new(), credit: None });
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
            Confirmed { sale: sale("2010-12-01T08:26:00Z", &[]) }.into(),
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
            CompensationStarted { reason: reason(), answers: Vec::new(), releases: Vec::new(), answer_by }.into(),
            Stuck { step: Step::Release, reason: reason(), answers: Vec::new() }.into(),
            StepOverdue { step: Step::Release, attempt: 2, answer_by }.into(),
            StepOverdue { step: Step::Fulfil, attempt: 2, answer_by }.into(),
            Cancelled { reason: reason(), answers: Vec::new(), credit: None }.into(),
        ]),
        [Some("pending"), Some("stuck"), Some("pending"), Some("confirmed"), Some("cancelled")]
    );
}

#[test]
fn a_key_that_is_no_order_id_is_not_understood() {
    let refused = Orders::decode(&envelope("order.events.v1", "LAMP", 1, 1), b"{}");
    assert!(matches!(refused, Err(Undecodable::Key(key)) if key == "LAMP"));
}
