//! What a stock item answers: each command of an order ends in one answer to that order, everything else in none.

use super::*;
use tillroll_log::{Body, Coordinates, EventId, Offset, PartitionId};
use tillroll_schemas::stock_item::{
    Adjusted, CommitStock, Committed, ExpireReservations, FulfilStock, Fulfilled, Levels, ReceiveStock, Received,
    ReleaseRecorded, ReleaseStock, Released, ReservationExpired, ReserveStock, Reserved, WrittenOff,
};
use tillroll_schemas::{FulfilmentId, Quantity, Timestamp};
use uuid::Uuid;

const ORDER: OrderId = OrderId(Uuid::from_u128(1));
const DELIVERY: FulfilmentId = FulfilmentId(Uuid::from_u128(2));

fn cause(key: &str) -> Cause {
    let at = Coordinates { topic: "stock-item.events.v1".into(), partition: PartitionId(0), offset: Offset(7) };
    Cause { id: EventId(Uuid::from_u128(3)), at, key: key.into(), correlation: None }
}

fn levels() -> Levels {
    Levels { on_hand: 10, reserved: 0, committed: 0 }
}

fn pieces() -> Quantity {
    Quantity::new(6).unwrap()
}

/// What the order is told, if it is told anything.
fn told(caused: Commands) -> Option<StockOutcome> {
    let caused = caused.unwrap();
    let outgoing = caused.first()?;
    assert_eq!(caused.len(), 1);
    assert_eq!((outgoing.to, &*outgoing.key), (catalogue::ORDER, ORDER.to_string().as_str()));
    assert_eq!(outgoing.step, "answer");
    let command = OrderCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
    let OrderCommand::RecordStockAnswers(RecordStockAnswers { answers }) = command else {
        panic!("an answer: {command:?}")
    };
    let [StockAnswer { sku, outcome }] = answers.as_slice() else { panic!("one answer: {answers:?}") };
    assert_eq!(sku.as_str(), "85123A");
    Some(outcome.clone())
}

fn told_of(event: impl Into<StockItemEvent>) -> Option<StockOutcome> {
    told(StockItemReactions::on_event(&cause("85123A"), &event.into()))
}

fn told_when_settled(command: impl Into<StockItemCommand>, settled: SettledAs<'_>) -> Option<StockOutcome> {
    told(StockItemReactions::on_settled(&cause("85123A"), Some(&command.into()), settled))
}

fn reserve() -> ReserveStock {
    ReserveStock { order_id: ORDER, quantity: pieces(), expires_at: Timestamp::UNIX_EPOCH }
}

fn commit() -> CommitStock {
    CommitStock { order_id: ORDER, quantity: pieces() }
}

fn release() -> ReleaseStock {
    ReleaseStock { order_id: ORDER }
}

fn fulfil() -> FulfilStock {
    FulfilStock { order_id: ORDER, fulfilment_id: DELIVERY, quantity: pieces() }
}

#[test]
fn an_order_is_told_what_was_done_for_it() {
    let (order_id, quantity, levels) = (ORDER, pieces(), levels());
    let expires_at = Timestamp::UNIX_EPOCH;
    assert_eq!(told_of(Reserved { order_id, quantity, expires_at, levels }), Some(StockOutcome::Reserved));
    assert_eq!(told_of(Committed { order_id, quantity, levels }), Some(StockOutcome::Committed));
    assert_eq!(told_of(Released { order_id, quantity, levels }), Some(StockOutcome::Released));
    assert_eq!(told_of(ReleaseRecorded { order_id, levels }), Some(StockOutcome::Released));
    let fulfilled = told_of(Fulfilled { order_id, fulfilment_id: DELIVERY, quantity, levels });
    assert_eq!(fulfilled, Some(StockOutcome::Fulfilled { fulfilment_id: DELIVERY }));
}

#[test]
fn nobody_is_told_of_what_no_order_asked_for() {
    let (quantity, levels) = (pieces(), levels());
    assert_eq!(told_of(Received { quantity, note: None, levels }), None);
    assert_eq!(told_of(Adjusted { delta: 1, note: None, levels }), None);
    assert_eq!(told_of(WrittenOff { quantity, note: None, levels }), None);
    assert_eq!(told_of(ReservationExpired { order_id: ORDER, quantity, levels }), None);
}

#[test]
fn an_order_is_told_why_it_was_refused() {
    let code = || "insufficient_stock".to_owned();
    let settled = SettledAs::Refused("insufficient_stock");
    let refused = StockOutcome::ReservationRefused { code: code() };
    assert_eq!(told_when_settled(reserve(), settled), Some(refused));
    assert_eq!(told_when_settled(commit(), settled), Some(StockOutcome::CommitRefused { code: code() }));
    assert_eq!(told_when_settled(release(), settled), Some(StockOutcome::ReleaseRefused { code: code() }));
    let refused = StockOutcome::FulfilmentRefused { fulfilment_id: DELIVERY, code: code() };
    assert_eq!(told_when_settled(fulfil(), settled), Some(refused));
}

#[test]
fn a_goal_that_was_reached_already_is_told_as_reached() {
    let settled = SettledAs::Unchanged;
    assert_eq!(told_when_settled(reserve(), settled), Some(StockOutcome::Reserved));
    assert_eq!(told_when_settled(commit(), settled), Some(StockOutcome::Committed));
    assert_eq!(told_when_settled(release(), settled), Some(StockOutcome::Released));
    let fulfilled = StockOutcome::Fulfilled { fulfilment_id: DELIVERY };
    assert_eq!(told_when_settled(fulfil(), settled), Some(fulfilled));
}

#[test]
fn a_command_that_could_not_be_decided_is_a_refusal_to_its_order() {
    let refused = |code: &str| Some(StockOutcome::ReservationRefused { code: code.to_owned() });
    assert_eq!(told_when_settled(reserve(), SettledAs::Conflict), refused("conflict"));
    assert_eq!(told_when_settled(reserve(), SettledAs::DeadLettered), refused("dead_lettered"));
}

#[test]
fn nobody_is_told_of_the_end_of_other_commands() {
    let receive = ReceiveStock { quantity: pieces(), note: None };
    assert_eq!(told_when_settled(receive, SettledAs::Refused("stock_overflow")), None);
    let expire = ExpireReservations { deadline: Timestamp::UNIX_EPOCH };
    assert_eq!(told_when_settled(expire, SettledAs::Unchanged), None);
    assert_eq!(told(StockItemReactions::on_settled(&cause("85123A"), None, SettledAs::DeadLettered)), None);
}

#[test]
fn a_key_that_is_no_sku_belongs_to_no_order() {
    let caused = StockItemReactions::on_settled(&cause("not a sku"), Some(&reserve().into()), SettledAs::Unchanged);
    assert_eq!(told(caused), None);
}
