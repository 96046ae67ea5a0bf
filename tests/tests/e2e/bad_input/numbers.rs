//! Numbers that are none, or none that can be counted with. `1e3` and `1.0` are no integers here, though they have the
//! value of one: there is one way to write a quantity.

use super::{CREDIT_NOTES, FULFILMENTS, ORDERS, PRODUCTS, REVISION, Route, Row, STOCK, row};
use e2e::Http;

/// Wrong wherever a whole number stands.
const NO_NUMBERS: [(&str, &str); 26] = [
    ("1.5", "invalid_field"),
    ("1.0", "invalid_field"),
    ("-0.5", "invalid_field"),
    ("1e3", "invalid_field"),
    ("1E3", "invalid_field"),
    ("10e-1", "invalid_field"),
    ("9223372036854775808", "invalid_field"),
    ("-9223372036854775809", "invalid_field"),
    ("18446744073709551615", "invalid_field"),
    ("18446744073709551616", "invalid_field"),
    ("100000000000000000000000000000000000000000", "invalid_field"),
    ("1e400", "malformed_json"),
    ("\"1\"", "invalid_field"),
    ("\"\"", "invalid_field"),
    ("null", "invalid_field"),
    ("true", "invalid_field"),
    ("[1]", "invalid_field"),
    ("{\"value\":1}", "invalid_field"),
    ("01", "malformed_json"),
    ("+1", "malformed_json"),
    (".5", "malformed_json"),
    ("1.", "malformed_json"),
    ("0x10", "malformed_json"),
    ("1_000", "malformed_json"),
    ("NaN", "malformed_json"),
    ("Infinity", "malformed_json"),
];

/// A product with so much stock from the beginning.
const INITIAL_STOCK: &str = r#"{"sku":"BAD-3","name":"Bad","price":{"amount":1,"currency":"GBP"},"initial_stock":@}"#;
const UNIT_PRICE: &str = r#"{"lines":[{"sku":"BAD","quantity":1,"unit_price":{"amount":@,"currency":"GBP"}}],"payment":{"method":"on_account"}}"#;
const TAX_RATE: &str = r#"{"sku":"BAD-4","name":"Bad","price":{"amount":1,"currency":"GBP"},"tax_rate":@}"#;
const RECEIVED: &str = r#"{"delta":@,"reason":"received"}"#;
const WRITTEN_OFF: &str = r#"{"delta":@,"reason":"written_off"}"#;

pub fn rows(http: &Http) -> Vec<Row> {
    let fields: [(&Route, &str, &str, &[&str]); 11] = [
        (&ORDERS, "quantity", ORDERS.body, &["0", "-0", "-1", "1000000001", "9223372036854775807"]),
        (&ORDERS, "unit price", UNIT_PRICE, &["-1", "-9223372036854775808"]),
        (&CREDIT_NOTES, "quantity", CREDIT_NOTES.body, &["0", "-1", "1000000001"]),
        (&FULFILMENTS, "quantity", FULFILMENTS.body, &["0", "-1", "1000000001"]),
        (&REVISION, "price", REVISION.body, &["-1", "-9223372036854775808"]),
        (&PRODUCTS, "price", PRODUCTS.body, &["-1", "-9223372036854775808"]),
        (&PRODUCTS, "initial stock", INITIAL_STOCK, &["-1", "1000000001", "9223372036854775807"]),
        (&PRODUCTS, "tax rate", TAX_RATE, &["-1", "4294967296"]),
        (&STOCK, "delta", STOCK.body, &["0", "1000000001", "-1000000001", "-9223372036854775808"]),
        (&STOCK, "delta received", RECEIVED, &["0", "-1", "1000000001"]),
        (&STOCK, "delta written off", WRITTEN_OFF, &["0", "1", "-1000000001", "-9223372036854775808"]),
    ];
    let mut rows = Vec::new();
    for (route, field, body, out_of_range) in fields {
        let refused = |number: &str, code| {
            let ask = route.ask(http).bytes(body.replace('@', number));
            row(format!("{}, {field} {number}", route.name), ask, 400, code)
        };
        rows.extend(NO_NUMBERS.map(|(number, code)| refused(number, code)));
        rows.extend(out_of_range.iter().map(|number| refused(number, "invalid_field")));
    }
    rows
}
