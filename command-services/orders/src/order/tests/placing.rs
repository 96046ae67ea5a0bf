//! Placing an order: its sums are those of its lines, its claims one per SKU, and what cannot be summed is refused.

use proptest::prelude::*;
use tillroll_log::Aggregate;
use tillroll_schemas::order::{Customer, OrderCommand, OrderEvent, PlaceOrder, Placed, Totals};
use tillroll_schemas::{Money, Sealed, TaxRate};

use super::*;
use crate::order::invoicing;

fn place_now(lines: Vec<Line>) -> Decided {
    given([]).when(place(lines))
}

fn event(lines: Vec<Line>) -> Placed {
    match place_now(lines).event() {
        OrderEvent::Placed(placed) => placed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_is_placed_with_its_sums_and_claims() {
    let lines = vec![line("MUG", 2, 255), line("BOWL", 1, 100), line("MUG", 3, 200), service("POST", 300)];
    let totals = [510, 100, 600, 300];
    let expected = Placed {
        reference: None,
        customer: None,
        country: None,
        user_id: None,
        from_cart: false,
        payment: PaymentTerms::OnAccount,
        placed_at: at(NOW_S),
        lines: lines.iter().zip(totals).map(|(line, t)| Line { line_total: gbp(t), ..line.clone() }).collect(),
        totals: Totals { net: gbp(1510), tax: gbp(302), gross: gbp(1812) },
        claims: vec![claim("BOWL", 1), claim("MUG", 5)],
        reservations_expire_at: at(NOW_S + 1800),
        answer_by: at(NOW_S + 10),
        shipping_address: None,
        buyer: None,
    };
    place_now(lines).then(expected);
}

#[test]
fn what_the_shop_says_of_an_order_is_kept() {
    let command = PlaceOrder {
        reference: Some("536365".to_owned()),
        customer: Some(Customer { reference: "17850".to_owned() }),
        country: Some("United Kingdom".to_owned()),
        placed_at: Some(at(-86_400)),
        ..place(vec![line("MUG", 1, 1)])
    };
    let decided = given([]).when(command.clone()).event();
    assert_eq!(Order::occurred_at(&decided), Some(at(-86_400)));
    let OrderEvent::Placed(placed) = decided else { panic!("{decided:?}") };
    assert_eq!(placed.placed_at, at(-86_400), "when it happened is business time");
    assert_eq!(placed.answer_by, at(NOW_S + 10), "deadlines go by the clock");
    assert_eq!((placed.reference, placed.customer), (command.reference, command.customer));
    assert_eq!(placed.country, command.country);
}

#[test]
fn who_pays_stands_on_every_document_of_his_order() {
    let buyer = Some(Sealed::from_stored("s1.buyer"));
    let decided = given([]).when(PlaceOrder { buyer: buyer.clone(), ..place(vec![line("MUG", 1, 1)]) }).event();
    let OrderEvent::Placed(order) = decided else { panic!("{decided:?}") };
    let documents = [
        invoicing::invoice(&order),
        invoicing::credit_note(&order, at(1)),
        invoicing::paper(&order, at(2), Vec::new()),
    ];
    for document in documents {
        assert_eq!(document.buyer, buyer, "{document:?}");
    }
}

#[test]
fn tax_is_rounded_once_per_rate() {
    let at_rate = |line: Line, rate: u32| Line { tax_rate: TaxRate::try_from(rate).unwrap(), ..line };
    let lines = vec![line("A", 1, 3), line("B", 1, 3), line("C", 1, 3), at_rate(line("D", 1, 10), 500)];
    let Totals { net, tax, gross } = event(lines).totals;
    assert_eq!((net, tax, gross), (gbp(19), gbp(3), gbp(22)));
}

#[test]
fn a_free_item_is_a_line_like_any_other() {
    assert_eq!(event(vec![line("GIFT", 1, 0)]).totals.gross, gbp(0));
}

#[test]
fn a_total_that_the_client_made_up_is_not_believed() {
    let lines = vec![Line { line_total: gbp(1), ..line("MUG", 2, 255) }];
    assert_eq!(event(lines).totals.net, gbp(510));
}

#[test]
fn an_order_in_two_currencies_is_refused() {
    let euro = Money { amount: 1, currency: "EUR".parse().unwrap() };
    let foreign = Line { unit_price: euro, ..line("BOWL", 1, 1) };
    place_now(vec![line("MUG", 1, 1), foreign]).refused("currency_mismatch");
}

#[test]
fn an_order_beyond_all_money_is_refused() {
    place_now(vec![line("MUG", 2, i64::MAX)]).refused("amount_overflow");
    place_now(vec![line("MUG", 1, i64::MAX), line("BOWL", 1, 1)]).refused("amount_overflow");
    place_now(vec![line("MUG", 1, i64::MAX)]).refused("amount_overflow");
}

#[test]
fn an_order_for_more_pieces_than_can_be_counted_is_refused() {
    let most = Quantity::MAX;
    place_now(vec![line("MUG", most, 0), line("MUG", 1, 0)]).refused("quantity_overflow");
    let services = Line { tracked: false, ..line("POST", most, 0) };
    place_now(vec![services.clone(), services]).refused("quantity_overflow");
}

#[test]
fn an_order_of_nothing_or_below_zero_is_refused() {
    place_now(vec![]).refused("no_lines");
    place_now(vec![line("MUG", 1, -1)]).refused("negative_price");
}

#[test]
fn an_order_that_is_placed_is_not_placed_again() {
    for story in [given([placed()]), confirmed_story(), given([placed(), cancelled()])] {
        story.when(place(vec![line("OTHER", 1, 1)])).nothing();
    }
}

#[test]
fn an_order_that_was_never_placed_is_not_there() {
    let state = given([]).state();
    assert!(!Order::settled(&state));
    assert_eq!(Order::answer(&"x".into(), None, &state), None);
    given([]).when(CancelOrder { by: None, reason: None }).refused("not_found");
    given([]).when(RequestFulfilment { fulfilment_id: delivery(1), items: None }).refused("not_found");
    given([]).when(Continue {}).nothing();
    given([]).when(DeadlinePassed { deadline: at(0) }).nothing();
    given([]).when(answers([answer("MUG", StockOutcome::Reserved)])).nothing();
}

proptest! {
    #[test]
    fn sums_are_those_of_the_lines(
        lines in prop::collection::vec((0..4usize, 1..1_000i64, 0..100_000i64, 0..10_000u32, any::<bool>()), 1..20)
    ) {
        let skus = ["A", "B", "C", "D"];
        let lines: Vec<Line> = lines.into_iter().map(|(which, pieces, pence, rate, tracked)| {
            Line { tax_rate: TaxRate::try_from(rate).unwrap(), tracked, ..line(skus[which], pieces, pence) }
        }).collect();
        let command: OrderCommand = place(lines.clone()).into();
        let decided = Order::decide(&OrderState::default(), &command, at(0));
        let Ok(Some(OrderEvent::Placed(placed))) = decided else { panic!("{decided:?}") };
        let net: i64 = lines.iter().map(|line| line.quantity.get() * line.unit_price.amount).sum();
        let tax: i64 = placed.totals.tax.amount;
        prop_assert_eq!(placed.totals.net.amount, net);
        prop_assert_eq!(placed.totals.gross.amount, net + tax);
        prop_assert!(placed.claims.is_sorted_by(|one, next| one.sku < next.sku));
        for claim in &placed.claims {
            let of_it = lines.iter().filter(|line| line.sku == claim.sku);
            prop_assert_eq!(claim.quantity.get(), of_it.map(|line| line.quantity.get()).sum::<i64>());
        }
    }
}
