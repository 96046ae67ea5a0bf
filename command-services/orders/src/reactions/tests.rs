//! What orders and credit notes cause: each step asks each stock item once, under names that never change.

mod money;

use tillroll_log::{Aggregate, Body, Cause, Coordinates, EventId, Offset, Outgoing, PartitionId, Reactions, SettledAs};
use tillroll_schemas::credit_note::IssueCreditNote;
use tillroll_schemas::order::*;
use tillroll_schemas::stock_item::{
    CommitStock, FulfilStock, ReceiveStock, ReleaseStock, ReserveStock, StockItemCommand,
};
use tillroll_schemas::{FulfilmentId, Money, OrderId, Quantity, Sku, TaxRate, Timestamp, UserId};
use uuid::Uuid;

use super::{CreditNoteReactions, OrderReactions};
use crate::credit_note::{CreditNote, CreditNoteState};

const ORDER: Uuid = Uuid::from_u128(7);

fn cause(key: &str) -> Cause {
    let at = Coordinates { topic: "order.events.v1".into(), partition: PartitionId(1), offset: Offset(12) };
    Cause { id: EventId(Uuid::from_u128(1)), at, key: key.into(), correlation: None }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_291_191_960 + seconds, 0).unwrap()
}

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn claim(text: &str, pieces: i64) -> StockClaim {
    StockClaim { sku: sku(text), quantity: quantity(pieces) }
}

fn quantity(pieces: i64) -> Quantity {
    Quantity::new(pieces).unwrap()
}

fn placed(claims: Vec<StockClaim>) -> OrderEvent {
    let zero = Money { amount: 0, currency: "GBP".parse().unwrap() };
    Placed {
        reference: None,
        customer: None,
        country: None,
        user_id: None,
        from_cart: false,
        payment: PaymentTerms::OnAccount,
        placed_at: at(0),
        lines: vec![],
        totals: Totals { net: zero, tax: zero, gross: zero },
        claims,
        reservations_expire_at: at(1800),
        answer_by: at(10),
        shipping_address: None,
        buyer: None,
    }
    .into()
}

fn reason() -> Reason {
    Reason { code: "x".to_owned(), detail: "y".to_owned() }
}

#[track_caller]
fn causes(event: impl Into<OrderEvent>, expected: Vec<(&str, &str, StockItemCommand)>) {
    let outgoing = OrderReactions::on_event(&cause(&ORDER.to_string()), &event.into()).unwrap();
    let told: Vec<_> = outgoing.iter().map(stock_item_command).collect();
    let expected: Vec<_> = expected.into_iter().map(|(key, step, c)| (key.to_owned(), step.to_owned(), c)).collect();
    assert_eq!(told, expected);
}

fn stock_item_command(outgoing: &Outgoing) -> (String, String, StockItemCommand) {
    assert_eq!(outgoing.to, tillroll_schemas::catalogue::STOCK_ITEM);
    let command = StockItemCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
    (outgoing.key.to_string(), outgoing.step.to_string(), command)
}

#[track_caller]
fn goes_on_by_itself(event: impl Into<OrderEvent>) {
    let outgoing = OrderReactions::on_event(&cause(&ORDER.to_string()), &event.into()).unwrap();
    let [only] = outgoing.as_slice() else { panic!("{outgoing:?}") };
    assert_eq!((only.to, only.step.as_ref()), (tillroll_schemas::catalogue::ORDER, "continue"));
    assert_eq!(only.key.as_ref(), ORDER.to_string());
    assert_eq!(OrderCommand::decode(only.type_name, &only.value).unwrap(), Continue {}.into());
}

#[test]
fn each_step_asks_each_stock_item_once() {
    let order_id = OrderId(ORDER);
    let fulfilment_id = FulfilmentId(Uuid::from_u128(9));
    let claims = || vec![claim("A", 1), claim("B", 2)];
    let reserve = |pieces| ReserveStock { order_id, quantity: quantity(pieces), expires_at: at(1800) }.into();
    causes(placed(claims()), vec![("A", "reserve/A", reserve(1)), ("B", "reserve/B", reserve(2))]);
    let reserved = StockReserved { answers: vec![], claims: claims(), answer_by: at(20) };
    let commit = |pieces| CommitStock { order_id, quantity: quantity(pieces) }.into();
    causes(reserved, vec![("A", "commit/A", commit(1)), ("B", "commit/B", commit(2))]);
    let releases = vec![sku("A"), sku("B")];
    let off = CompensationStarted {
        reason: reason(),
        answers: vec![],
        releases,
        payment_answer: None,
        undo: None,
        credit_note: None,
        answer_by: at(20),
    };
    let release = || ReleaseStock { order_id }.into();
    causes(off, vec![("A", "release/A", release()), ("B", "release/B", release())]);
    let (items, claims) = (vec![claim("A", 1), claim("POST", 1)], vec![claim("A", 1)]);
    let requested = FulfilmentRequested { fulfilment_id, items, claims, answer_by: at(20) };
    let fulfil = FulfilStock { order_id, fulfilment_id, quantity: quantity(1) };
    causes(requested, vec![("A", "fulfil/A", fulfil.into())]);
}

#[test]
fn a_step_that_asks_nobody_goes_on_by_itself() {
    goes_on_by_itself(placed(vec![]));
    goes_on_by_itself(StockReserved { answers: vec![], claims: vec![], answer_by: at(20) });
    goes_on_by_itself(StockCommitted { answers: vec![] });
    let fulfilment_id = FulfilmentId(Uuid::from_u128(9));
    let (items, claims) = (vec![claim("POST", 1)], vec![]);
    goes_on_by_itself(FulfilmentRequested { fulfilment_id, items, claims, answer_by: at(20) });
}

#[test]
fn what_ends_or_prolongs_a_wait_asks_nothing() {
    let sale = Sale { dated: at(0), country: None, customer: None, lines: vec![] };
    let old = Confirmed { told: None, sale: sale.clone(), capture: None, invoice: None, cart: None, answer_by: None };
    causes(old, vec![]);
    causes(StockAnswered { answers: vec![] }, vec![]);
    causes(StepOverdue { step: Step::Reserve, attempt: 1, answer_by: at(30) }, vec![]);
    causes(cancelled(None, Some(sale)), vec![]);
    causes(
        Stuck {
            step: Step::Fulfil,
            reason: reason(),
            answers: vec![],
            payment_answer: None,
            invoice_answer: None,
            owed: None,
        },
        vec![],
    );
    let fulfilment_id = FulfilmentId(Uuid::from_u128(9));
    let out = Fulfilled { told: None, fulfilment_id, items: vec![], answers: vec![], complete: true, releases: vec![] };
    causes(out, vec![]);
}

fn cancelled(cart: Option<UserId>, credit: Option<Sale>) -> Cancelled {
    let (payment_answer, invoice_answer, refunded) = (None, None, None);
    Cancelled { told: None, reason: reason(), answers: vec![], payment_answer, invoice_answer, credit, refunded, cart }
}

#[test]
fn an_order_under_a_key_that_is_no_order_id_asks_nobody() {
    let outgoing = OrderReactions::on_event(&cause("not-an-id"), &placed(vec![claim("A", 1)])).unwrap();
    assert_eq!(outgoing, []);
}

#[test]
fn the_ends_of_an_orders_commands_concern_nobody() {
    let settled = SettledAs::Unchanged;
    assert_eq!(OrderReactions::on_settled(&cause("7"), Some(&Continue {}.into()), settled).unwrap(), []);
    assert_eq!(CreditNoteReactions::on_settled(&cause("7"), None, settled).unwrap(), []);
}

fn credited(restock: bool) -> Vec<Outgoing> {
    let unit_price = Money { amount: 100, currency: "GBP".parse().unwrap() };
    let line = |text: &str, pieces, tracked| Line {
        sku: sku(text),
        name: text.to_owned(),
        category: None,
        quantity: quantity(pieces),
        unit_price,
        line_total: unit_price,
        tax_rate: TaxRate::default(),
        tracked,
        product_version: 1,
    };
    let command = IssueCreditNote {
        reference: "C536379".to_owned(),
        customer: None,
        country: None,
        placed_at: None,
        lines: vec![line("B", 1, true), line("A", 2, true), line("D", 1, false), line("B", 3, true)],
        restock,
        reason: "returned".to_owned(),
    };
    let event = CreditNote::decide(&CreditNoteState::default(), &command.into(), at(0)).unwrap().unwrap();
    CreditNoteReactions::on_event(&cause("7"), &event).unwrap()
}

#[test]
fn what_is_credited_goes_back_on_the_shelf_only_if_the_shop_says_so() {
    assert_eq!(credited(false), []);
    let note = || Some("credit note C536379".to_owned());
    let receive = |pieces| StockItemCommand::from(ReceiveStock { quantity: quantity(pieces), note: note() });
    let told: Vec<_> = credited(true).iter().map(stock_item_command).collect();
    let expected = [("A", "restock/A", receive(2)), ("B", "restock/B", receive(4))];
    assert_eq!(told, expected.map(|(key, step, command)| (key.to_owned(), step.to_owned(), command)));
}
