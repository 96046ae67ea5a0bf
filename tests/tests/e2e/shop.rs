//! What tests ask of the shop again and again.

use e2e::{Answer, Ask, Http, Outcome};
use serde_json::{Value, json};

/// So many pence.
pub fn gbp(amount: i64) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

/// A product with so many pieces in stock; the tokens of both commands, as one header takes them.
pub async fn add_product(http: &Http, sku: &str, price: i64, stock: i64) -> Outcome<String> {
    let body = json!({"sku": sku, "name": format!("Product {sku}"), "price": gbp(price)});
    let added = http.post("/products").key(format!("add/{sku}")).json(&body).send().await?.expect_status(201)?;
    let received = receive(http, sku, stock).await?;
    Ok(format!("{}, {}", added.token(), received.token()))
}

/// So many pieces come in.
pub async fn receive(http: &Http, sku: &str, pieces: i64) -> Outcome<Answer> {
    let body = json!({"delta": pieces, "reason": "received"});
    let path = format!("/products/{sku}/inventory");
    http.patch(path).key(format!("receive/{sku}/{pieces}")).json(&body).send().await?.expect_status(200)
}

/// The body of an order of so many pieces of each.
pub fn order_of(lines: &[(&str, i64)]) -> Value {
    let lines: Vec<Value> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    json!({"lines": lines, "payment": {"method": "on_account"}})
}

/// The request that places an order and waits for what becomes of it.
pub fn place(http: &Http, key: &str, body: &Value) -> Ask {
    http.post("/orders").key(key).wait(30).json(body)
}

/// What is there of a SKU, as far as this token says.
pub async fn stock_of(http: &Http, sku: &str, token: &str) -> Outcome<Value> {
    let ask = http.get(format!("/products/{sku}/inventory")).token(token).wait(30);
    Ok(ask.send().await?.expect_status(200)?.json())
}

/// The text of a member.
pub fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// All items of a list that is read by cursor.
pub async fn all(http: &Http, path: &str) -> Outcome<Vec<Value>> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let page =
            http.get(format!("{path}{separator}limit=100&cursor={cursor}")).send().await?.expect_status(200)?.json();
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return Ok(items),
        }
    }
}

/// How many orders there are, with these conditions (`status=fulfilled`).
pub async fn count_orders(http: &Http, conditions: &str) -> Outcome<u64> {
    let page = http.get(format!("/orders?page=1&limit=1&{conditions}")).send().await?.expect_status(200)?.json();
    page["total"].as_u64().ok_or_else(|| format!("no total: {page}").into())
}
