//! What an order asks of its payment, of invoice series and of the cart that it was made of.

use tillroll_schemas::cart::{CartCommand, CartEvent, CheckedOut, RecordBought, Reopen};
use tillroll_schemas::invoice_series::{Document, InvoiceLine, InvoiceSeriesCommand};
use tillroll_schemas::payment::{
    CapturePayment, MethodToken, PaymentCommand, RefundPayment, RequestPayment, VoidPayment, payment_of,
};
use tillroll_schemas::{PaymentId, RefundId, Sealed, TaxRate};

use super::*;
use crate::CartReactions;

const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(77));
const REFUND: RefundId = RefundId(Uuid::from_u128(78));
const BUYER: UserId = UserId(Uuid::from_u128(88));

fn money(amount: i64) -> Money {
    Money { amount, currency: "GBP".parse().unwrap() }
}

fn of(event: impl Into<OrderEvent>) -> Vec<Outgoing> {
    OrderReactions::on_event(&cause(&ORDER.to_string()), &event.into()).unwrap()
}

fn made_out_to() -> Sealed {
    Sealed::from_stored("s1.buyer")
}

fn paper() -> Paper {
    Paper {
        dated: at(0),
        user_id: Some(BUYER),
        customer: None,
        country: None,
        buyer: Some(made_out_to()),
        lines: vec![],
    }
}

#[track_caller]
fn asks_payment(outgoing: &Outgoing, step: &str, command: impl Into<PaymentCommand>) {
    assert_eq!((outgoing.to, outgoing.step.as_ref()), (tillroll_schemas::catalogue::PAYMENT, step));
    assert_eq!(*outgoing.key, *PAYMENT.to_string());
    assert_eq!(PaymentCommand::decode(outgoing.type_name, &outgoing.value).unwrap(), command.into());
}

/// The document that a number is asked for, in the series of its date, made out to the buyer.
#[track_caller]
fn document(outgoing: &Outgoing) -> Document {
    assert_eq!((outgoing.to, outgoing.step.as_ref()), (tillroll_schemas::catalogue::INVOICE_SERIES, "invoice"));
    assert_eq!(*outgoing.key, *"2010-12");
    let InvoiceSeriesCommand::Issue(asked) = InvoiceSeriesCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
    assert_eq!((asked.user_id, asked.buyer), (Some(BUYER), Some(made_out_to())));
    asked.document
}

#[track_caller]
fn asks_cart(outgoing: &Outgoing, command: impl Into<CartCommand>) {
    assert_eq!((outgoing.to, &*outgoing.key), (tillroll_schemas::catalogue::CART, &*BUYER.to_string()));
    assert_eq!(CartCommand::decode(outgoing.type_name, &outgoing.value).unwrap(), command.into());
}

#[test]
fn money_is_asked_for_with_all_that_the_payment_needs() {
    let (order_id, amount, method_token) = (OrderId(ORDER), money(500), MethodToken::from("pm_card_visa"));
    let requested = PaymentRequested {
        answers: vec![],
        payment_id: PAYMENT,
        user_id: Some(BUYER),
        amount,
        method_token: method_token.clone(),
        reference: None,
        authorise_by: at(240),
        action_by: at(900),
        answer_by: at(10),
    };
    let [only] = &of(requested)[..] else { panic!() };
    let (user_id, reference) = (Some(BUYER), ORDER.to_string());
    let (answer_by, action_by) = (at(240), at(900));
    let request = RequestPayment { order_id, user_id, amount, method_token, reference, answer_by, action_by };
    asks_payment(only, "authorise", request);
}

#[test]
fn a_sale_by_card_is_taken_and_its_cart_bought() {
    let sale = Sale { dated: at(0), country: None, customer: None, lines: vec![] };
    let capture = Some(Charge { payment_id: PAYMENT, amount: money(500) });
    let [taken, bought] = &of(Confirmed {
        told: None,
        sale: sale.clone(),
        capture,
        invoice: None,
        cart: Some(BUYER),
        answer_by: Some(at(10)),
    })[..] else {
        panic!()
    };
    asks_payment(taken, "capture", CapturePayment { order_id: OrderId(ORDER), amount: money(500) });
    asks_cart(bought, RecordBought { order_id: OrderId(ORDER) });
    let on_account =
        Confirmed { told: None, sale, capture: None, invoice: Some(paper()), cart: None, answer_by: Some(at(10)) };
    let [invoice] = &of(on_account)[..] else { panic!() };
    assert_eq!(document(invoice), Document::Invoice { order_id: OrderId(ORDER) });
    let captured = PaymentCaptured { amount: money(500), invoice: paper(), answer_by: at(10) };
    assert_eq!(document(&of(captured)[0]), Document::Invoice { order_id: OrderId(ORDER) });
}

#[test]
fn what_is_undone_is_released_voided_or_given_back_and_credited() {
    let order_id = OrderId(ORDER);
    let started = |undo, credit_note| CompensationStarted {
        reason: reason(),
        answers: vec![],
        payment_answer: None,
        releases: vec![sku("A")],
        undo,
        credit_note,
        answer_by: at(10),
    };
    let void = Undo::Void { payment_id: PAYMENT };
    let [_, voided] = &of(started(Some(void), None))[..] else { panic!() };
    asks_payment(voided, "release", VoidPayment { order_id, reason: "x".to_owned() });
    let back = Undo::Refund { payment_id: PAYMENT, refund_id: REFUND, amount: money(500) };
    let [_, refunded, note] = &of(started(Some(back), Some(paper())))[..] else { panic!() };
    let (refund_id, amount) = (REFUND, money(500));
    asks_payment(refunded, "release", RefundPayment { order_id, refund_id, amount, reason: "x".to_owned() });
    assert_eq!(document(note), Document::CreditNote { credit_id: ORDER, order_id: Some(order_id) });
}

#[test]
fn what_goes_back_is_credited_and_put_on_the_shelf() {
    let reversal = Reversal {
        refund_id: REFUND,
        amount: money(100),
        lines: vec![],
        pieces: vec![claim("A", 1)],
        returned: true,
        restock: vec![claim("A", 1)],
        reason: "broken".to_owned(),
    };
    let asked = RefundRequested { reversal: reversal.clone(), payment_id: PAYMENT, answer_by: at(10) };
    let (order_id, refund_id, amount) = (OrderId(ORDER), REFUND, money(100));
    let command = RefundPayment { order_id, refund_id, amount, reason: "broken".to_owned() };
    asks_payment(&of(asked)[0], "refund", command);
    let credit = Sale { dated: at(0), country: None, customer: None, lines: vec![] };
    let line = InvoiceLine {
        sku: sku("A"),
        name: "a".to_owned(),
        quantity: quantity(1),
        net: money(100),
        tax_rate: TaxRate::default(),
        fixed_tax: None,
    };
    let noted = Paper { lines: vec![line], ..paper() };
    let (complete, releases) = (false, vec![]);
    let back = Refunded { told: None, reversal, credit, credit_note: noted, answer_by: at(10), complete, releases };
    let [note, shelf] = &of(back.clone())[..] else { panic!() };
    assert_eq!(document(note), Document::CreditNote { credit_id: REFUND.0, order_id: Some(order_id) });
    assert_eq!((shelf.to, shelf.step.as_ref()), (tillroll_schemas::catalogue::STOCK_ITEM, "restock/A"));
    let credited_before = Refunded { credit_note: paper(), ..back };
    assert_eq!(of(credited_before), std::slice::from_ref(shelf), "a note of nothing has no number");
}

#[test]
fn a_cart_whose_order_is_off_or_was_never_placed_is_open_again() {
    let reopen = Reopen { order_id: OrderId(ORDER), reason: reason() };
    asks_cart(&of(cancelled(Some(BUYER), None))[0], reopen);
    assert_eq!(of(cancelled(None, None)), []);
    let place = PlaceOrder { from_cart: true, user_id: Some(BUYER), ..crate::samples::place(vec![]) };
    let refused = SettledAs::Refused("no_lines");
    let told = OrderReactions::on_settled(&cause(&ORDER.to_string()), Some(&place.clone().into()), refused).unwrap();
    let (code, detail) = ("no_lines".to_owned(), "the order could not be placed: no_lines".to_owned());
    asks_cart(&told[0], Reopen { order_id: OrderId(ORDER), reason: Reason { code, detail } });
    let twice = OrderReactions::on_settled(&cause(&ORDER.to_string()), Some(&place.into()), SettledAs::Unchanged);
    assert_eq!(twice.unwrap(), [], "it was placed before");
}

/// The order is the cart's and its owner's, and so is the payment, whatever the checkout said of them.
#[test]
fn a_checkout_places_the_order() {
    let payment = PaymentTerms::Card { payment_id: PAYMENT, token: "pm_card_visa".into() };
    let order = PlaceOrder { payment, ..crate::samples::place(vec![]) };
    let event = CartEvent::from(CheckedOut { order_id: OrderId(ORDER), order });
    let [placed] = &CartReactions::on_event(&cause(&BUYER.to_string()), &event).unwrap()[..] else { panic!() };
    assert_eq!((placed.to, &*placed.key), (tillroll_schemas::catalogue::ORDER, &*ORDER.to_string()));
    let OrderCommand::Place(place) = OrderCommand::decode(placed.type_name, &placed.value).unwrap() else { panic!() };
    assert_eq!((place.user_id, place.from_cart), (Some(BUYER), true));
    assert_eq!(place.payment.payment_id(), Some(payment_of(OrderId(ORDER))));
}
