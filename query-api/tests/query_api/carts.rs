//! A cart is its customer's own, at the catalogue's prices of now.

use crate::shop::{Shop, details, from_cart, sku};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tillroll_http::{Identity, Role};
use tillroll_projectors::projections::{Carts, Products};
use tillroll_schemas::cart::{CartEvent, CheckedOut, Cleared, ItemPut, ItemRemoved};
use tillroll_schemas::catalogue::{CART, PRODUCT};
use tillroll_schemas::product::{Added, Archived, ProductEvent, Revised};
use tillroll_schemas::{OrderId, Quantity};
use uuid::Uuid;

const ANN: Uuid = Uuid::from_u128(0xa);
const BOB: Uuid = Uuid::from_u128(0xb);

fn customer(user: Uuid) -> Option<Identity> {
    Some(Identity::of_user(user, &[Role::Customer], None))
}

fn put(of: &str, pieces: i64) -> CartEvent {
    ItemPut { sku: sku(of), quantity: Quantity::new(pieces).unwrap() }.into()
}

async fn sells(shop: &mut Shop, of: &str) {
    let added = ProductEvent::from(Added { details: details(of, None, true), initial_stock: None });
    shop.happens::<Products>(PRODUCT.events, of, 1, &added).await;
}

async fn happens(shop: &mut Shop, user: Uuid, version: u64, event: CartEvent) {
    shop.happens::<Carts>(CART.events, &user.to_string(), version, &event).await;
}

async fn cart(shop: &Shop, user: Uuid) -> Value {
    let answer = shop.ask(customer(user), "/cart", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()
}

fn gbp(amount: i64) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

#[tokio::test]
async fn everybody_has_a_cart_of_his_own() {
    let mut shop = Shop::new("carts_own").await;
    sells(&mut shop, "MUG").await;
    assert_eq!(cart(&shop, ANN).await, json!({"items": [], "net": null, "order_id": null, "version": 0}));
    happens(&mut shop, ANN, 1, put("MUG", 1)).await;
    happens(&mut shop, ANN, 2, put("MUG", 3)).await;
    happens(&mut shop, BOB, 1, put("MUG", 1)).await;
    let item = json!({"sku": "MUG", "name": "MUG", "quantity": 3, "unit_price": gbp(255), "line_total": gbp(765),
        "sold": true});
    let expected = json!({"items": [item], "net": gbp(765), "order_id": null, "version": 2});
    assert_eq!(cart(&shop, ANN).await, expected);
    happens(&mut shop, BOB, 2, Cleared {}.into()).await;
    assert_eq!((cart(&shop, BOB).await["items"].clone(), cart(&shop, ANN).await), (json!([]), expected));
}

#[tokio::test]
async fn who_is_no_customer_has_no_cart() {
    let shop = Shop::new("carts_nobody").await;
    assert_eq!(shop.ask(None, "/cart", &[]).await.status, StatusCode::UNAUTHORIZED);
    for identity in [Role::Staff.held_by("anna"), Role::Customer.held_by("nobody")] {
        assert_eq!(shop.ask(Some(identity), "/cart", &[]).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn prices_are_those_of_now_and_the_tag_says_so() {
    let mut shop = Shop::new("carts_prices").await;
    sells(&mut shop, "MUG").await;
    sells(&mut shop, "LAMP").await;
    happens(&mut shop, ANN, 1, put("MUG", 2)).await;
    happens(&mut shop, ANN, 2, put("LAMP", 1)).await;
    let tag = shop.ask(customer(ANN), "/cart", &[]).await.header("etag").to_owned();
    let again = shop.ask(customer(ANN), "/cart", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let mut dearer = details("MUG", None, true);
    dearer.price.amount = 300;
    shop.happens::<Products>(PRODUCT.events, "MUG", 2, &ProductEvent::from(Revised { details: dearer })).await;
    let again = shop.ask(customer(ANN), "/cart", &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, &again.json()["net"]), (StatusCode::OK, &gbp(855)));
    let archived = ProductEvent::from(Archived { details: details("LAMP", None, true) });
    shop.happens::<Products>(PRODUCT.events, "LAMP", 2, &archived).await;
    let now = cart(&shop, ANN).await;
    assert_eq!((&now["net"], &now["items"][0]["sold"]), (&gbp(600), &json!(false)), "{now}");
    happens(&mut shop, ANN, 3, put("VANISHED", 1)).await;
    let now = cart(&shop, ANN).await;
    assert_eq!((&now["items"][2]["unit_price"], &now["net"]), (&Value::Null, &gbp(600)), "{now}");
    happens(&mut shop, ANN, 4, ItemRemoved { sku: sku("MUG") }.into()).await;
    assert_eq!(cart(&shop, ANN).await["net"], Value::Null);
}

#[tokio::test]
async fn a_cart_names_the_order_that_is_being_made_of_it() {
    let mut shop = Shop::new("carts_checkout").await;
    happens(&mut shop, ANN, 1, put("MUG", 2)).await;
    let order_id = OrderId(Uuid::from_u128(9));
    happens(&mut shop, ANN, 2, CheckedOut { order_id, order: from_cart(None) }.into()).await;
    assert_eq!(cart(&shop, ANN).await["order_id"], order_id.to_string());
}
