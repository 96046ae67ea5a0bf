//! Requests in good form that make no sense, and those that the business refuses.

use super::{CREDIT_NOTES, FULFILMENTS, ORDERS, PRODUCTS, REVISION, Row, STOCK, row};
use crate::shop::gbp;
use e2e::{Ask, Http};
use hyper::Method;
use serde_json::{Value, json};

/// Told from the request alone.
pub fn malformed(http: &Http) -> Vec<Row> {
    let order = |change: fn(&mut Value)| ORDERS.ask(http).bytes(changed(&ORDERS.good(), change));
    let product = |change: fn(&mut Value)| PRODUCTS.ask(http).bytes(changed(&PRODUCTS.good(), change));
    let credit = |change: fn(&mut Value)| CREDIT_NOTES.ask(http).bytes(changed(&CREDIT_NOTES.good(), change));
    let delivery = |change: fn(&mut Value)| FULFILMENTS.ask(http).bytes(changed(&FULFILMENTS.good(), change));
    let revision = |change: fn(&mut Value)| REVISION.ask(http).bytes(changed(&REVISION.good(), change));
    let stock = |change: fn(&mut Value)| STOCK.ask(http).bytes(changed(&STOCK.good(), change));
    let mut rows: Vec<Row> = [
        ("an order of nothing", order(|body| body["lines"] = json!([]))),
        ("an order of too many lines", order(|body| body["lines"] = json!(vec![body["lines"][0].clone(); 10_001]))),
        ("an order by a method that nobody knows", order(|body| body["payment"] = json!({"method": "promise"}))),
        ("an order before 1970", order(|body| body["placed_at"] = json!("1969-12-31T23:59:59Z"))),
        ("an order on no day", order(|body| body["placed_at"] = json!("2026-02-30T00:00:00Z"))),
        ("an order at a local time", order(|body| body["placed_at"] = json!("2026-02-01T00:00:00"))),
        ("an order in no currency", order(|b| b["lines"][0]["unit_price"] = json!({"amount": 1, "currency": "ZZZ"}))),
        ("a reference of nothing", order(|body| body["reference"] = json!(""))),
        ("a reference over lines", order(|body| body["reference"] = json!("a\nb"))),
        ("a credit of nothing", credit(|body| body["lines"] = json!([]))),
        ("a credit without a reason", credit(|body| body["reason"] = json!(" "))),
        ("a credit without a reference", credit(|body| body["reference"] = json!(""))),
        ("a delivery of nothing", delivery(|body| body["lines"] = json!([]))),
        ("a delivery of no SKU", delivery(|body| body["lines"][0]["sku"] = json!("no sku"))),
        ("a revision to no name", revision(|body| body["name"] = json!(""))),
        ("a revision to no currency", revision(|body| body["price"]["currency"] = json!("gbp"))),
        ("a product without a name", product(|body| body["name"] = json!(""))),
        ("a product with a name too long", product(|body| body["name"] = json!("n".repeat(201)))),
        ("a price in no currency", product(|body| body["price"]["currency"] = json!("gbp"))),
        ("a price in a currency that there is not", product(|body| body["price"]["currency"] = json!("ZZZ"))),
        (
            "stock of what no stock is kept of",
            product(|body| (body["tracked"], body["initial_stock"]) = (json!(false), json!(1))),
        ),
        ("stock for no known reason", stock(|body| body["reason"] = json!("stolen"))),
        ("stock with a note too long", stock(|body| body["note"] = json!("n".repeat(501)))),
    ]
    .into_iter()
    .map(|(what, ask)| row(what, ask, 400, "invalid_field"))
    .collect();
    for sku in NO_SKUS {
        let ordered = changed(&ORDERS.good(), |body| body["lines"][0]["sku"] = json!(sku));
        let added = changed(&PRODUCTS.good(), |body| body["sku"] = json!(sku));
        rows.push(row(format!("an order of SKU `{sku}`"), ORDERS.ask(http).bytes(ordered), 400, "invalid_field"));
        rows.push(row(format!("a product with SKU `{sku}`"), PRODUCTS.ask(http).bytes(added), 400, "invalid_field"));
    }
    let unknown = order(|body| body["lines"][0]["discount"] = json!(5));
    rows.push(row("an unknown field of a line", unknown, 400, "unknown_field"));
    rows.extend(queries(http));
    rows
}

const NO_SKUS: [&str; 7] = ["", "no sku", "-A", ".A", "\u{c4}", "A/B", LONG];
const LONG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Queries and paths that lead nowhere.
fn queries(http: &Http) -> Vec<Row> {
    let get = |path: &str| http.get(path);
    let mut rows = vec![
        row("no such route", get("/nowhere"), 404, "not_found"),
        row("an order's id that is none", get("/orders/nothing"), 404, "not_found"),
        row("no such order", get("/orders/00000000-0000-5000-8000-000000000000"), 404, "not_found"),
        row("no such product", get("/products/NOT-THERE"), 404, "not_found"),
        row("no such method", http.ask(Method::DELETE, "/orders"), 405, "method_not_allowed"),
        row("an unknown parameter", get("/orders?colour=red"), 400, "unknown_field"),
    ];
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=x",
        "limit=18446744073709551616",
        "page=0",
        "page=x",
        "cursor=%00",
        "cursor=nonsense",
        "status=lost",
        "from=yesterday",
        "limit=5&limit=6",
        "page=1&cursor=",
    ] {
        rows.push(row(format!("orders with {query}"), get(&format!("/orders?{query}")), 400, "invalid_field"));
    }
    rows
}

/// In good form, but the business says no.
pub fn refused(http: &Http) -> Vec<Row> {
    let order = |change: fn(&mut Value)| ORDERS.ask(http).wait(10).bytes(changed(&ORDERS.good(), change));
    let stock = |path: &str, body: Value| -> Ask { http.patch(path).key("bad").json(&body) };
    let received = || json!({"delta": 1, "reason": "received"});
    vec![
        row(
            "an order of an unknown SKU",
            order(|body| body["lines"][0]["sku"] = json!("NOBODY-SELLS-THIS")),
            409,
            "unknown_product",
        ),
        row(
            "an order at a price of the past",
            order(|body| body["lines"][0]["expected_unit_price"] = gbp(99)),
            409,
            "price_changed",
        ),
        row(
            "an order beyond all money",
            order(|body| {
                body["lines"][0]["quantity"] = json!(1_000_000_000);
                body["lines"][0]["unit_price"] = gbp(i64::MAX);
            }),
            409,
            "amount_overflow",
        ),
        row(
            "a product that is there",
            PRODUCTS.ask(http).bytes(changed(&PRODUCTS.good(), |body| body["sku"] = json!("bad"))),
            409,
            "sku_taken",
        ),
        row(
            "more written off than there is",
            stock(STOCK.path, json!({"delta": -11, "reason": "written_off"})),
            409,
            "insufficient_stock",
        ),
        row("a delivery of no order", FULFILMENTS.ask(http).bytes(FULFILMENTS.good()), 404, "not_found"),
        row(
            "a delivery at no version",
            FULFILMENTS.ask(http).header("if-match", "7").bytes("{}"),
            400,
            "invalid_header",
        ),
        row(
            "a credit for an unknown SKU",
            CREDIT_NOTES.ask(http).bytes(CREDIT_NOTES.good().replace("BAD", "NOBODY-SELLS-THIS")),
            409,
            "unknown_product",
        ),
        row(
            "a revision of nothing",
            http.put("/products/NOT-THERE").key("bad").json(&json!({"name": "Worse", "price": gbp(1)})),
            404,
            "not_found",
        ),
        row(
            "a revision at a version that is not",
            REVISION.ask(http).header("if-match", "\"77\"").bytes(REVISION.good()),
            412,
            "version_mismatch",
        ),
        row("stock of nothing", stock("/products/NOT-THERE/inventory", received()), 404, "not_found"),
        row("stock of no SKU", stock("/products/no%20sku/inventory", received()), 404, "not_found"),
        row(
            "stock at a version that is not",
            stock(STOCK.path, received()).header("if-match", "\"77\""),
            412,
            "version_mismatch",
        ),
        row("stock at no version", stock(STOCK.path, received()).header("if-match", "77"), 400, "invalid_header"),
    ]
}

fn changed(body: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap_or_default();
    change(&mut body);
    body.to_string()
}
