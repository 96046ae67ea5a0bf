//! Products and their stock.

use crate::shop::{Shop, details};
use axum::http::StatusCode;
use serde_json::json;
use tillroll_http::Role;
use tillroll_projectors::projections::{Products, Stock};
use tillroll_schemas::Quantity;
use tillroll_schemas::catalogue::{PRODUCT, STOCK_ITEM};
use tillroll_schemas::product::{Added, Archived, ProductEvent, Revised};
use tillroll_schemas::stock_item::{Levels, Received, StockItemEvent};

fn added(tracked: bool) -> ProductEvent {
    Added { details: details("Lamp", Some("Light"), tracked), initial_stock: None }.into()
}

fn received(on_hand: i64, reserved: i64, committed: i64) -> StockItemEvent {
    let levels = Levels { on_hand, reserved, committed };
    Received { quantity: Quantity::new(1).unwrap(), note: None, levels }.into()
}

#[tokio::test]
async fn a_product_says_what_can_be_sold() {
    let mut shop = Shop::new("products_one").await;
    shop.happens::<Products>(PRODUCT.events, "LAMP", 1, &added(true)).await;
    assert_eq!(shop.get("/products/LAMP").await.json()["available"], 0, "no stock event yet");
    shop.happens::<Stock>(STOCK_ITEM.events, "LAMP", 1, &received(10, 3, 2)).await;
    let answer = shop.ask(None, "/products/lamp", &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "for everybody, in any case");
    assert_eq!(
        answer.json(),
        json!({"sku": "LAMP", "name": "Lamp", "description": "", "category": "Light", "tax_rate": 2000, "tracked": true,
            "price": {"amount": 255, "currency": "GBP"}, "archived": false, "version": 1, "available": 5})
    );
}

#[tokio::test]
async fn a_service_has_no_stock() {
    let mut shop = Shop::new("products_service").await;
    shop.happens::<Products>(PRODUCT.events, "POST", 1, &added(false)).await;
    assert_eq!(shop.get("/products/POST").await.json()["available"], json!(null));
    let inventory = shop.get("/products/POST/inventory").await.json();
    assert_eq!(inventory["tracked"], false);
}

#[tokio::test]
async fn the_stock_of_a_known_product_is_never_404() {
    let mut shop = Shop::new("products_stock").await;
    assert_eq!(shop.get("/products/LAMP/inventory").await.status, StatusCode::NOT_FOUND);
    shop.happens::<Products>(PRODUCT.events, "LAMP", 1, &added(true)).await;
    let zeros = json!({"sku": "LAMP", "on_hand": 0, "reserved": 0, "committed": 0, "available": 0, "tracked": true,
        "version": 0});
    assert_eq!(shop.get("/products/LAMP/inventory").await.json(), zeros);
    shop.happens::<Stock>(STOCK_ITEM.events, "LAMP", 7, &received(10, 3, 2)).await;
    let levels = json!({"sku": "LAMP", "on_hand": 10, "reserved": 3, "committed": 2, "available": 5, "tracked": true,
        "version": 7});
    assert_eq!(shop.get("/products/LAMP/inventory").await.json(), levels);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let mut shop = Shop::new("products_etag").await;
    shop.happens::<Products>(PRODUCT.events, "LAMP", 1, &added(true)).await;
    let etag = shop.get("/products/LAMP").await.header("etag").to_owned();
    assert!(etag.starts_with("\"1."), "it serves If-Match as well: {etag}");
    assert_eq!(shop.get_with("/products/LAMP", &[("if-none-match", &etag)]).await.status, StatusCode::NOT_MODIFIED);
    shop.happens::<Stock>(STOCK_ITEM.events, "LAMP", 1, &received(1, 0, 0)).await;
    let changed = shop.get_with("/products/LAMP", &[("if-none-match", &etag)]).await;
    assert_eq!((changed.status, changed.json()["available"].as_i64()), (StatusCode::OK, Some(1)));
    let (etag, _) = (changed.header("etag").to_owned(), ());
    let revised = Revised { details: details("Big lamp", None, true) };
    shop.happens::<Products>(PRODUCT.events, "LAMP", 2, &ProductEvent::from(revised)).await;
    assert_eq!(shop.get_with("/products/LAMP", &[("if-none-match", &etag)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn archived_products_are_found_but_not_listed() {
    let mut shop = Shop::new("products_archived").await;
    shop.happens::<Products>(PRODUCT.events, "LAMP", 1, &added(true)).await;
    let archived = Archived { details: details("Lamp", None, true) };
    shop.happens::<Products>(PRODUCT.events, "LAMP", 2, &ProductEvent::from(archived)).await;
    assert_eq!(shop.get("/products/LAMP").await.json()["archived"], true);
    assert_eq!(shop.get("/products").await.json()["items"], json!([]));
    assert_eq!(shop.get("/products?archived=true").await.json()["total"], 1);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let shop = Shop::new("products_404").await;
    for path in ["/products/NOPE", "/products/no%20sku", "/products/%ff", "/products/NOPE/inventory"] {
        assert_eq!(shop.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn each_route_asks_for_its_scope() {
    let shop = Shop::new("products_scopes").await;
    for path in [
        "/products/LAMP/inventory",
        "/orders",
        "/orders/00000000-0000-0000-0000-000000000000",
        "/orders/00000000-0000-0000-0000-000000000000/history",
        "/analytics/sales",
    ] {
        assert_eq!(shop.ask(None, path, &[]).await.status, StatusCode::UNAUTHORIZED, "{path}");
        let customer = Role::Customer.held_by("kim");
        assert_eq!(shop.ask(Some(customer), path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/products", "/products/LAMP"] {
        let answer = shop.ask(None, path, &[("tillroll-identity", "forged")]).await;
        assert!([StatusCode::OK, StatusCode::NOT_FOUND].contains(&answer.status), "{path} asks for nobody");
    }
}
