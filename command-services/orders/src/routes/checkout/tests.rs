//! A cart is bought for what it was shown to come to, or not at all.

use std::future::ready;

use serde_json::{Value, json};
use tillroll_log::{Aggregate, Answered, ExecuteError, LogId, Timing, Version};
use tillroll_schemas::cart::{CartCommand, CheckOut, LookInto, PutItem, RecordBought};
use tillroll_schemas::{Currency, Money, Quantity, Sku, UserId};
use tillroll_testkit::{Bench, Told};
use uuid::Uuid;

use super::{Cart, Items, Line, Problem, Rejection, TRIES, opens, order_of, priced, until_it_is_told, wanted};
use crate::cart::{CartAnswer, CartState, Stage};
use crate::routes::lines::tests::{catalogue, gbp, named};
use crate::samples::{line, place};

fn cart(items: &[(&str, i64)]) -> Items {
    items.iter().map(|(sku, pieces)| (Sku::parse(sku).unwrap(), Quantity::new(*pieces).unwrap())).collect()
}

/// Two mugs for 2.55 and one postage for 3.00.
fn bought(expected_net: Option<Money>) -> Result<Vec<Line>, Problem> {
    priced(&wanted(&cart(&[("POST", 1), ("MUG", 2)])), expected_net, &catalogue)
}

#[test]
fn a_cart_that_comes_to_what_was_shown_is_bought_at_the_catalogues_prices() {
    for expected in [None, Some(gbp(810))] {
        let prices: Vec<_> = bought(expected).unwrap().into_iter().map(|line| line.unit_price).collect();
        assert_eq!(prices, [gbp(255), gbp(300)]);
    }
}

#[test]
fn a_cart_that_comes_to_anything_else_is_not_bought_and_its_prices_of_now_are_told() {
    let eur: Currency = "EUR".parse().unwrap();
    for shown in [gbp(809), gbp(811), Money { amount: 810, currency: eur }] {
        let refused = bought(Some(shown)).unwrap_err();
        let (code, fields) = named(&refused);
        assert_eq!(code, "price_changed");
        assert_eq!(fields, ["/expected_net", "/items/0/unit_price", "/items/1/unit_price"]);
        let told = serde_json::to_value(&refused).unwrap();
        let details: Vec<_> = told["errors"].as_array().unwrap().iter().map(|error| &error["detail"]).collect();
        let expected: [Value; 3] = [
            json!("the cart's net is 810 GBP in minor units"),
            json!("the price of MUG is 255 GBP in minor units"),
            json!("the price of POST is 300 GBP in minor units"),
        ];
        assert_eq!(details, expected.iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_cannot_be_bought_is_told_before_what_it_would_cost() {
    let refused = priced(&wanted(&cart(&[("OLD", 1)])), Some(gbp(1)), &catalogue).unwrap_err();
    assert_eq!(refused.code(), "unknown_product");
}

/// Who repeats an old checkout must not wait for the end of a newer one: his cart was open in between.
#[test]
fn an_order_waits_for_its_own_checkout_of_the_cart_and_no_other() {
    let user = UserId(Uuid::from_u128(1));
    let (old, newer) = (order_of(user, 1), order_of(user, 3));
    let told = |stage| Cart::answer(&"user".into(), None, &CartState { version: 4, stage });
    assert!(opens(old, &told(Stage::CheckedOut(cart(&[("MUG", 1)]), old))));
    assert!(opens(old, &told(Stage::Open(cart(&[])))));
    assert!(!opens(old, &told(Stage::CheckedOut(cart(&[("MUG", 1)]), newer))));
}

/// As the owner's answer comes to the handler.
fn told((told, answer): (Option<Told>, Option<CartAnswer>)) -> Result<Answered<Cart>, ExecuteError<Rejection>> {
    let Some(answer) = answer else {
        assert_eq!(told, Some(Told::Refused("cart_empty")));
        return Err(ExecuteError::Rejected(Rejection::Empty));
    };
    let (log, timing) = (LogId(Uuid::nil()), Timing::default());
    Ok(Answered { answer, log, at: None, version: Version(0), repeat: false, covers: Vec::new(), timing })
}

/// The first is under way when the second is decided, and over when that is answered: no order is told then.
#[tokio::test]
async fn a_second_checkout_that_the_end_of_the_first_overtakes_is_decided_again() {
    let (user, key) = (UserId(Uuid::from_u128(1)), "user");
    let check_out: CartCommand = CheckOut { user_id: user, order: place(vec![line("MUG", 2, 255)]) }.into();
    let mut cart = Bench::<Cart>::new();
    let mug = PutItem { sku: Sku::parse("MUG").unwrap(), quantity: Quantity::new(2).unwrap() };
    assert_eq!(cart.by_http(1, key, &mug.into(), 1), [Told::Applied]);
    assert_eq!(cart.by_http(2, key, &check_out, 1), [Told::Applied]);
    let is_bought: CartCommand = RecordBought { order_id: order_of(user, 1) }.into();

    let mut names = 3..;
    let answered = until_it_is_told(|| {
        let (look, second) = (names.next().unwrap(), names.next().unwrap());
        let number = cart.at_once(|cart| {
            // The mark that answers this look is on its way already when the second checkout is decided. So the record
            // that answers that is the next.
            cart.ask(look, key, &LookInto {}.into());
            let number = cart.ask(second, key, &check_out);
            cart.by_topic(1, key, &is_bought, 1);
            number
        });
        ready(super::bought(told(cart.answer_to(number))))
    })
    .await;
    assert_eq!(answered.err().map(|problem| problem.code().to_owned()).as_deref(), Some("cart_empty"));
    assert_eq!(names.next(), Some(7), "it was asked twice");
}

#[tokio::test]
async fn a_cart_that_is_changed_again_and_again_is_not_bought() {
    let mut asked = 0;
    let answered: Result<(), Problem> = until_it_is_told(|| {
        asked += 1;
        let changed = super::bought(Err(ExecuteError::Rejected(Rejection::Changed)));
        ready(changed.map(|told| told.map(drop)))
    })
    .await;
    assert_eq!((answered.unwrap_err().code(), asked), ("cart_changed", TRIES));
}
