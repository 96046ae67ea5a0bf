//! Lists: filters, both ways through them, and what they refuse.

use crate::description::queries_with_parameters;
use crate::shop::{Shop, details, line, placed};
use axum::http::StatusCode;
use tillroll_http::{Identity, Role};
use tillroll_projectors::projections::{Orders, Products};
use tillroll_schemas::catalogue::{ORDER, PRODUCT};
use tillroll_schemas::order::OrderEvent;
use tillroll_schemas::product::{Added, ProductEvent};
use uuid::Uuid;

/// Every item's `name` on numbered pages, and all that the pages say of the whole.
async fn by_page(shop: &Shop, path: &str, limit: i64, name: &str) -> (Vec<String>, i64, i64) {
    let (mut seen, mut page) = (Vec::new(), 1);
    loop {
        let body = shop.get(&format!("{path}limit={limit}&page={page}")).await.json();
        let items = body["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item[name].as_str().unwrap().to_owned()));
        let (total, pages) = (body["total"].as_i64().unwrap(), body["total_pages"].as_i64().unwrap());
        if page >= pages {
            return (seen, total, pages);
        }
        page += 1;
    }
}

async fn by_cursor(shop: &Shop, path: &str, limit: i64, name: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), Some(String::new()));
    while let Some(from) = cursor {
        let answer = shop.get(&format!("{path}limit={limit}&cursor={from}")).await;
        let body = answer.json();
        let items = body["items"].as_array().unwrap();
        assert!(items.len() <= usize::try_from(limit).unwrap() && body.get("total").is_none());
        seen.extend(items.iter().map(|item| item[name].as_str().unwrap().to_owned()));
        cursor = body["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(answer.header("next-cursor"), cursor.as_deref().unwrap_or_default());
    }
    seen
}

/// Orders of which many are placed at the same time.
async fn place(shop: &mut Shop, number: u8) -> String {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, &[number]).to_string();
    let placed_at = format!("2010-12-{:02}T08:26:00Z", 1 + number % 4);
    let customer = format!("{}", number % 3);
    let placed = placed(&placed_at, Some(&customer), vec![line("LAMP", None, 1, 100)]);
    shop.happens::<Orders>(ORDER.events, &id, 1, &OrderEvent::from(placed)).await;
    id
}

#[tokio::test]
async fn both_ways_lead_past_every_order_once() {
    let mut shop = Shop::new("lists_orders").await;
    let mut all = Vec::new();
    for number in 0..45 {
        let id = place(&mut shop, number).await;
        all.push((1 + number % 4, id.parse::<Uuid>().unwrap(), number % 3));
        // With every number of orders, and limits that divide it and do not.
        let limit = 1 + i64::from(number) * 7 % 11;
        for (path, customer) in [("/orders?", None), ("/orders?customer=1&status=pending&", Some(1))] {
            if customer.is_some() && number < 1 {
                continue;
            }
            let mut expected: Vec<_> = all.iter().filter(|order| customer.is_none_or(|of| of == order.2)).collect();
            expected.sort_by(|a, b| b.cmp(a));
            let expected: Vec<String> = expected.into_iter().map(|(_, id, _)| id.to_string()).collect();
            let (seen, total, _) = by_page(&shop, path, limit, "id").await;
            assert_eq!((&seen, total), (&expected, i64::try_from(expected.len()).unwrap()));
            assert_eq!(by_cursor(&shop, path, limit, "id").await, expected);
        }
    }
}

#[tokio::test]
async fn both_ways_lead_past_every_product_once() {
    let mut shop = Shop::new("lists_products").await;
    let mut expected = Vec::new();
    for number in 0..25 {
        let (name, category) = (format!("SKU-{}", number * 7 % 25), ["Light", "Cups, and saucers"][number % 2]);
        let added = Added { details: details("thing", Some(category), true), initial_stock: None };
        shop.happens::<Products>(PRODUCT.events, &name, 1, &ProductEvent::from(added)).await;
        if number % 2 == 1 {
            expected.push(name);
        }
    }
    expected.sort();
    let path = "/products?category=Cups%2C%20and%20saucers&";
    for limit in [1, 5, 12, 13, 100] {
        assert_eq!(by_page(&shop, path, limit, "sku").await.0, expected);
        assert_eq!(by_cursor(&shop, path, limit, "sku").await, expected);
    }
    assert_eq!(by_page(&shop, "/products?", 10, "sku").await.1, 25);
    let beyond = shop.get("/products?page=9&limit=10").await.json();
    assert_eq!((beyond["items"].as_array().unwrap().len(), &beyond["total"]), (0, &serde_json::json!(25)));
}

#[tokio::test]
async fn orders_are_found_by_time() {
    let mut shop = Shop::new("lists_times").await;
    for number in 0..8 {
        place(&mut shop, number).await;
    }
    for (query, total) in [
        ("from=2010-12-02", 6),
        ("to=2010-12-02", 2),
        ("from=2010-12-02&to=2010-12-04", 4),
        ("from=2010-12-02T08:26:00Z&to=2010-12-02T08:26:01Z", 2),
        ("from=2010-12-02T08:26:01Z&to=2010-12-03T08:26:00Z", 0),
        ("status=cancelled", 0),
    ] {
        assert_eq!(shop.get(&format!("/orders?{query}")).await.json()["total"], total, "{query}");
    }
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let shop = Shop::new("lists_refused").await;
    for path in [
        "/products?colour=red",
        "/products?limit=0",
        "/products?limit=101",
        "/products?limit=ten",
        "/products?page=0",
        "/products?page=1&cursor=",
        "/products?cursor=abc",
        "/products?category=a&category=b",
        "/products?archived=maybe",
        "/orders?status=lost",
        "/orders?from=yesterday",
        "/orders?from=2010-12-02&to=2010-12-01",
        "/orders?sort=price",
        "/analytics/sales?group_by=colour",
        "/analytics/sales?from=2010-12-01T08:00:00Z",
        "/analytics/sales?limit=5",
    ] {
        let answer = shop.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text);
        assert!(["invalid_field", "unknown_field"].contains(&answer.code().as_str()), "{path}: {}", answer.text);
        assert!(answer.json()["errors"][0]["field"].is_string(), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn no_query_takes_a_parameter_that_it_does_not_know() {
    let shop = Shop::new("lists_unheard").await;
    let paths = queries_with_parameters();
    assert!(paths.len() >= 9, "{paths:?}");
    for path in paths {
        let anybody = Identity::of_user(Uuid::from_u128(9), &Role::ALL, None);
        let answer = shop.ask(Some(anybody), &format!("{path}?unheard=of"), &[]).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "unknown_field"), "{path}");
        assert_eq!(answer.json()["errors"][0]["field"], "unheard", "{path}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_would_be_right() {
    let shop = Shop::new("lists_right").await;
    for (path, right) in [
        ("/products?limit=x", "expected a whole number"),
        ("/orders?page=", "expected a whole number"),
        ("/products?archived=maybe", "expected true or false"),
        ("/products?limit=101", "a number from 1 to 100"),
    ] {
        assert_eq!(shop.get(path).await.json()["errors"][0]["detail"], right, "{path}");
    }
}

#[tokio::test]
async fn lists_come_as_csv_too() {
    let mut shop = Shop::new("lists_csv").await;
    let added = Added { details: details("Lamp, \"big\"", None, true), initial_stock: None };
    shop.happens::<Products>(PRODUCT.events, "LAMP", 1, &ProductEvent::from(added)).await;
    let id = place(&mut shop, 0).await;
    let csv = [("accept", "text/csv")];
    let answer = shop.get_with("/products", &csv).await;
    assert!(answer.header("content-type").starts_with("text/csv") && answer.header("total-count") == "1");
    let line = "LAMP,\"Lamp, \"\"big\"\"\",,,255,GBP,2000,true,false,1,0";
    assert_eq!(answer.text.lines().nth(1), Some(line));
    let orders = shop.get_with("/orders", &csv).await.text;
    assert!(orders.lines().nth(1).unwrap().starts_with(&format!("{id},536365,pending,0,France,1,GBP,100,0,100,0,")));
    assert_eq!(shop.get_with("/orders", &[("accept", "image/png")]).await.status, StatusCode::NOT_ACCEPTABLE);
    let etag = answer.header("etag");
    let again = shop.get_with("/products", &[("accept", "text/csv"), ("if-none-match", etag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(shop.get_with("/products", &[("if-none-match", etag)]).await.status, StatusCode::OK, "JSON is another");
}
