//! Sales: exact in every grouping, and the same sum in all of them.

use crate::shop::{Shop, at, line, sale};
use serde_json::{Value, json};
use tillroll_projectors::projections::Sales;
use tillroll_schemas::catalogue::{CREDIT_NOTE, ORDER};
use tillroll_schemas::credit_note::{CreditNoteEvent, Issued};
use tillroll_schemas::order::{Confirmed, Line, OrderEvent};

const GROUPINGS: [&str; 7] = ["day", "week", "month", "country", "category", "product", "customer"];

async fn sold(shop: &mut Shop, dated: &str, country: Option<&str>, customer: Option<&str>, lines: &[Line]) {
    let event = OrderEvent::from(Confirmed {
        told: None,
        sale: sale(dated, country, customer, lines),
        capture: None,
        invoice: None,
        cart: None,
        answer_by: None,
    });
    shop.happens::<Sales>(ORDER.events, "00000000-0000-0000-0000-000000000007", 1, &event).await;
}

/// Three orders and a credit note around the turn of a year, which is also the middle of a week.
async fn shop(name: &str) -> Shop {
    let mut shop = Shop::new(name).await;
    let lamps = [line("LAMP", Some("Light"), 2, 100), line("LAMP", Some("Light"), 1, 90), line("CUP", None, 5, 10)];
    sold(&mut shop, "2010-12-31T23:59:59Z", Some("France"), Some("1"), &lamps).await;
    sold(&mut shop, "2011-01-01T00:00:00Z", None, Some("1"), &[line("CUP", None, 1, 10)]).await;
    sold(&mut shop, "2011-01-03T12:00:00Z", Some("France"), None, &[line("LAMP", Some("Light"), 1, 100)]).await;
    let lines = vec![line("CUP", None, 2, 10)];
    let issued = Issued {
        reference: "C1".to_owned(),
        customer: None,
        country: Some("France".to_owned()),
        placed_at: at("2011-01-03T13:00:00Z"),
        total: lines[0].line_total,
        lines,
        restock: false,
        reason: "broken".to_owned(),
    };
    shop.happens::<Sales>(CREDIT_NOTE.events, "C1", 1, &CreditNoteEvent::from(issued)).await;
    shop
}

async fn by(shop: &Shop, grouping: &str, rest: &str) -> Vec<Value> {
    let body = shop.get(&format!("/analytics/sales?group_by={grouping}{rest}")).await.json();
    assert_eq!(body["group_by"], grouping);
    body["items"].as_array().unwrap().clone()
}

fn sum(items: &[Value], of: &str) -> i64 {
    items.iter().map(|item| item[of].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn the_sum_is_the_same_in_every_grouping() {
    let shop = shop("sales_sums").await;
    for grouping in GROUPINGS {
        let items = by(&shop, grouping, "").await;
        let sums = ["gross", "credits", "net", "quantity"].map(|of| sum(&items, of));
        assert_eq!(sums, [450, 20, 430, 10], "{grouping}");
    }
    for grouping in ["day", "week", "month", "country", "customer"] {
        let items = by(&shop, grouping, "").await;
        assert_eq!((sum(&items, "orders"), sum(&items, "credit_notes")), (3, 1), "{grouping}");
    }
}

#[tokio::test]
async fn each_key_has_what_is_its_own() {
    let shop = shop("sales_keys").await;
    let row = |key: Option<&str>, gross: i64, credits: i64, orders: i64, credit_notes: i64, quantity: i64| {
        json!({"key": key, "gross": gross, "credits": credits, "net": gross - credits, "currency": "GBP",
            "orders": orders, "credit_notes": credit_notes, "quantity": quantity})
    };
    let expected = [
        (
            "day",
            vec![
                row(Some("2010-12-31"), 340, 0, 1, 0, 8),
                row(Some("2011-01-01"), 10, 0, 1, 0, 1),
                row(Some("2011-01-03"), 100, 20, 1, 1, 1),
            ],
        ),
        ("week", vec![row(Some("2010-W52"), 350, 0, 2, 0, 9), row(Some("2011-W01"), 100, 20, 1, 1, 1)]),
        ("month", vec![row(Some("2010-12"), 340, 0, 1, 0, 8), row(Some("2011-01"), 110, 20, 2, 1, 2)]),
        ("country", vec![row(None, 10, 0, 1, 0, 1), row(Some("France"), 440, 20, 2, 1, 9)]),
        ("category", vec![row(None, 60, 20, 2, 1, 6), row(Some("Light"), 390, 0, 2, 0, 4)]),
        ("product", vec![row(Some("CUP"), 60, 20, 2, 1, 6), row(Some("LAMP"), 390, 0, 2, 0, 4)]),
        ("customer", vec![row(None, 100, 20, 1, 1, 1), row(Some("1"), 350, 0, 2, 0, 9)]),
    ];
    for (grouping, rows) in expected {
        assert_eq!(by(&shop, grouping, "").await, rows, "{grouping}");
    }
}

#[tokio::test]
async fn from_is_included_and_to_is_not() {
    let shop = shop("sales_span").await;
    for (span, gross) in [
        ("&from=2011-01-01", 110),
        ("&to=2011-01-01", 340),
        ("&from=2011-01-01&to=2011-01-03T00:00:00Z", 10),
        ("&from=2011-01-03&to=2011-01-03", 0),
    ] {
        for grouping in GROUPINGS {
            assert_eq!(sum(&by(&shop, grouping, span).await, "gross"), gross, "{grouping}{span}");
        }
    }
    let body = shop.get("/analytics/sales?from=2011-01-01").await.json();
    assert_eq!((&body["group_by"], &body["from"], &body["to"]), (&json!("day"), &json!("2011-01-01"), &json!(null)));
}

#[tokio::test]
async fn sums_beyond_64_bits_are_told_exactly() {
    let mut shop = Shop::new("sales_beyond").await;
    for _ in 0..3 {
        sold(&mut shop, "2011-01-01T00:00:00Z", None, None, &[line("LAMP", None, 1, i64::MAX)]).await;
    }
    let text = shop.get("/analytics/sales").await.text;
    assert!(text.contains(&format!("\"gross\":{},", 3 * i128::from(i64::MAX))), "{text}");
}

#[tokio::test]
async fn the_report_comes_as_csv_too() {
    let shop = shop("sales_csv").await;
    let answer = shop.get_with("/analytics/sales?group_by=country", &[("accept", "text/csv")]).await;
    let expected = "key,gross,credits,net,currency,orders,credit_notes,quantity\r\n,10,0,10,GBP,1,0,1\r\n\
        France,440,20,420,GBP,2,1,9\r\n";
    assert_eq!(answer.text, expected);
}
