//! Orders and their histories.

use crate::shop::{Shop, gbp, line, placed, sku};
use axum::http::StatusCode;
use serde_json::json;
use tillroll_http::{Identity, Role};
use tillroll_projectors::projections::Orders;
use tillroll_schemas::catalogue::ORDER;
use tillroll_schemas::order::{Cancelled, Fulfilled, OrderEvent, Placed, Reason, RefundRefused, StockClaim};
use tillroll_schemas::{FulfilmentId, Quantity, RefundId, UserId};
use uuid::Uuid;

const ID: &str = "00000000-0000-0000-0000-000000000007";

async fn happens(shop: &mut Shop, version: u64, event: impl Into<OrderEvent>) {
    shop.happens::<Orders>(ORDER.events, ID, version, &event.into()).await;
}

#[tokio::test]
async fn an_order_is_told_in_full() {
    let mut shop = Shop::new("orders_one").await;
    let lines = vec![line("LAMP", None, 2, 100), line("CUP", None, 5, 10), line("LAMP", None, 3, 90)];
    happens(&mut shop, 1, placed("2010-12-01T08:26:00Z", Some("17850"), lines)).await;
    let answer = shop.get(&format!("/orders/{ID}")).await;
    let money = |amount: i64| json!(gbp(amount));
    let line = |sku: &str, quantity: i64, price: i64| {
        json!({"sku": sku, "name": format!("name of {sku}"), "quantity": quantity, "unit_price": money(price),
            "line_total": money(quantity * price), "tax_rate": 0})
    };
    assert_eq!(
        answer.json(),
        json!({"id": ID, "reference": "536365", "status": "pending", "customer": {"reference": "17850"},
            "country": "France", "lines": [line("LAMP", 2, 100), line("CUP", 5, 10), line("LAMP", 3, 90)],
            "totals": {"net": money(520), "tax": money(0), "gross": money(520)},
            "payment": {"method": "on_account", "status": "not_required"}, "placed_at": "2010-12-01T08:26:00Z",
            "recorded_at": "2020-09-13T12:26:40Z", "refunded": money(0), "version": 1})
    );
    assert_eq!(answer.header("etag"), "\"1.2-0\"");
}

#[tokio::test]
async fn what_was_delivered_counts_for_lines_from_the_first_to_the_last() {
    let mut shop = Shop::new("orders_delivered").await;
    let lines = vec![line("LAMP", None, 2, 100), line("CUP", None, 5, 10), line("LAMP", None, 3, 90)];
    happens(&mut shop, 1, placed("2010-12-01T08:26:00Z", None, lines)).await;
    for version in [2, 3] {
        let items = vec![StockClaim { sku: sku("LAMP"), quantity: Quantity::new(2).unwrap() }];
        let fulfilment_id = FulfilmentId(Uuid::from_u128(u128::from(version)));
        happens(
            &mut shop,
            version,
            Fulfilled { told: None, fulfilment_id, items, answers: Vec::new(), complete: false, releases: Vec::new() },
        )
        .await;
    }
    let order = shop.get(&format!("/orders/{ID}")).await.json();
    let fulfilled: Vec<_> = order["lines"].as_array().unwrap().iter().map(|line| line["fulfilled"].as_i64()).collect();
    assert_eq!(fulfilled, [Some(2), None, Some(2)]);
    assert_eq!(order["status"], "confirmed");
    assert!(order.get("customer").is_none());
}

#[tokio::test]
async fn a_cancelled_order_says_why() {
    let mut shop = Shop::new("orders_cancelled").await;
    happens(&mut shop, 1, placed("2010-12-01T08:26:00Z", None, vec![line("LAMP", None, 2, 100)])).await;
    let reason = Reason { code: "insufficient_stock".to_owned(), detail: "reserve refused by LAMP".to_owned() };
    happens(
        &mut shop,
        2,
        Cancelled {
            told: None,
            reason,
            answers: Vec::new(),
            credit: None,
            payment_answer: None,
            invoice_answer: None,
            refunded: None,
            cart: None,
        },
    )
    .await;
    let order = shop.get(&format!("/orders/{ID}")).await.json();
    assert_eq!(order["cancellation"], json!({"code": "insufficient_stock", "detail": "reserve refused by LAMP"}));
    assert_eq!((&order["status"], &order["version"]), (&json!("cancelled"), &json!(2)));
}

#[tokio::test]
async fn staff_find_the_orders_that_owe_money() {
    let mut shop = Shop::new("orders_owing").await;
    happens(&mut shop, 1, placed("2010-12-01T08:26:00Z", None, vec![line("LAMP", None, 2, 100)])).await;
    let other = Uuid::from_u128(8).to_string();
    let paid = OrderEvent::from(placed("2010-12-02T08:26:00Z", None, vec![line("LAMP", None, 1, 100)]));
    shop.happens::<Orders>(ORDER.events, &other, 1, &paid).await;
    let refund_id = RefundId(Uuid::from_u128(1));
    let bounced = RefundRefused { refund_id, code: "failed".to_owned(), taken_back: Some(gbp(50)), was_off: false };
    happens(&mut shop, 2, bounced).await;
    let listed = async |shop: &Shop, path: &str| -> Vec<(String, serde_json::Value)> {
        let list = shop.get(path).await.json();
        let told = |order: &serde_json::Value| (order["id"].as_str().unwrap().to_owned(), order["owed"].clone());
        list["items"].as_array().unwrap().iter().map(told).collect()
    };
    assert_eq!(listed(&shop, "/orders?owed=true").await, [(ID.to_owned(), json!(gbp(50)))]);
    assert_eq!(listed(&shop, "/orders?owed=false").await, [(other.clone(), json!(null))]);
    assert_eq!(listed(&shop, "/orders").await.len(), 2);
    assert_eq!(shop.get(&format!("/orders/{ID}")).await.json()["owed"], json!(gbp(50)));
    // What is paid that was not owed leaves no debt of the shop's customer.
    let refunded = Some(gbp(80));
    let reason = Reason { code: "cancelled_by_customer".to_owned(), detail: String::new() };
    let (answers, payment_answer, invoice_answer, credit, cart) = (Vec::new(), None, None, None, None);
    let off = Cancelled { told: None, reason, answers, payment_answer, invoice_answer, credit, refunded, cart };
    happens(&mut shop, 3, off).await;
    assert_eq!(listed(&shop, "/orders?owed=true").await, []);
    // It is off, and what bounces is owed as well.
    let refund_id = RefundId(Uuid::from_u128(2));
    let bounced = RefundRefused { refund_id, code: "failed".to_owned(), taken_back: Some(gbp(50)), was_off: true };
    happens(&mut shop, 4, bounced).await;
    assert_eq!(listed(&shop, "/orders?owed=true").await, [(ID.to_owned(), json!(gbp(50)))]);
    let csv = shop.get_with("/orders?owed=true", &[("accept", "text/csv")]).await.text;
    assert!(csv.lines().next().unwrap().ends_with(",owed") && csv.trim_end().ends_with(",50"), "{csv}");
}

#[tokio::test]
async fn the_history_is_every_event() {
    let mut shop = Shop::new("orders_history").await;
    let placed = placed("2010-12-01T08:26:00Z", None, vec![line("LAMP", None, 2, 100)]);
    happens(&mut shop, 1, placed.clone()).await;
    let reason = Reason { code: "insufficient_stock".to_owned(), detail: String::new() };
    happens(
        &mut shop,
        2,
        Cancelled {
            told: None,
            reason,
            answers: Vec::new(),
            credit: None,
            payment_answer: None,
            invoice_answer: None,
            refunded: None,
            cart: None,
        },
    )
    .await;
    let answer = shop.get(&format!("/orders/{ID}/history")).await;
    let history = answer.json();
    let items = history["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["data"], serde_json::to_value(&placed).unwrap());
    assert_eq!(items[1]["type"], "order.cancelled.v1");
    assert_eq!(items[1]["position"], "order.events.v1/2@1");
    assert_eq!(items[1]["version"], 2);
    assert_eq!(items[1]["actor"], "staff");
    let again = shop.get_with(&format!("/orders/{ID}/history"), &[("if-none-match", answer.header("etag"))]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let shop = Shop::new("orders_404").await;
    for path in ["/orders/nope", &format!("/orders/{ID}"), &format!("/orders/{ID}/history"), "/orders?customer=nobody"]
    {
        assert_eq!(shop.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

const ANN: Uuid = Uuid::from_u128(0xa);
const BOB: Uuid = Uuid::from_u128(0xb);

#[tokio::test]
async fn customers_see_their_own_orders_and_what_is_not_theirs_is_not_there() {
    let mut shop = Shop::new("orders_own").await;
    let of_ann = Placed {
        user_id: Some(UserId(ANN)),
        ..placed("2010-12-01T08:26:00Z", Some("17850"), vec![line("LAMP", None, 2, 100)])
    };
    happens(&mut shop, 1, of_ann).await;
    let nobodys = OrderEvent::from(placed("2010-12-02T08:26:00Z", None, vec![line("LAMP", None, 1, 100)]));
    let other = Uuid::from_u128(8).to_string();
    shop.happens::<Orders>(ORDER.events, &other, 1, &nobodys).await;
    let customer = |user| Some(Identity::of_user(user, &[Role::Customer], None));
    let shop = &shop;
    let ask = async |user, path: String| shop.ask(customer(user), &path, &[]).await;
    for path in [format!("/orders/{ID}"), format!("/orders/{ID}/history")] {
        assert_eq!(ask(ANN, path.clone()).await.status, StatusCode::OK);
        let refused = ask(BOB, path.clone()).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::NOT_FOUND, "not_found".to_owned()));
        assert_eq!(shop.get(&path).await.status, StatusCode::OK, "staff see all");
        assert_eq!(shop.ask(Some(Role::Customer.held_by("nobody")), &path, &[]).await.status, StatusCode::FORBIDDEN);
    }
    for path in [format!("/orders/{other}"), format!("/orders/{other}/history")] {
        assert_eq!(ask(ANN, path).await.status, StatusCode::NOT_FOUND, "an order of nobody is not hers");
    }
    let ids = |answer: crate::shop::Answer| -> Vec<String> {
        let items = answer.json()["items"].as_array().unwrap().clone();
        items.iter().map(|order| order["id"].as_str().unwrap().to_owned()).collect()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(ids(ask(ANN, "/orders".to_owned()).await), [ID]);
    assert_eq!(ids(ask(ANN, format!("/orders?user={ANN}&status=pending")).await), [ID]);
    assert_eq!(ids(ask(BOB, "/orders".to_owned()).await), none);
    assert_eq!(ids(ask(BOB, "/orders?customer=17850".to_owned()).await), none, "whether he is known is not told");
    assert_eq!(ids(ask(BOB, "/orders?customer=nobody".to_owned()).await), none);
    assert_eq!(ask(BOB, format!("/orders?user={ANN}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ids(shop.get("/orders").await), [other, ID.to_owned()]);
    assert_eq!(ids(shop.get(&format!("/orders?user={ANN}")).await), [ID]);
}
