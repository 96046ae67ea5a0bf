//! What is wrong is refused, told by its problem, and leaves nothing behind.

use crate::shop::{add_product, gbp};
use e2e::{Answer, Http, Outcome, System, alone};
use serde_json::{Value, json};
use std::time::Duration;
use tillroll_http::{Keys, Role, unix_now};

#[test]
fn bad_input_gets_its_problem_and_leaves_no_event() -> Outcome {
    alone(|system| async move {
        let http = system.http();
        add_product(&http, "BAD", 100, 10).await?;
        system.caught_up().await?;
        let topics = system.topics()?;
        let before = topics.ends().await?;
        bodies(&http).await?;
        orders(&http).await?;
        stock(&http).await?;
        requests(&http).await?;
        callers(&system).await?;
        let after = topics.ends().await?;
        let said = topics.said(&before, &after).await?;
        assert!(said.is_empty(), "{said:?}");
        Ok(())
    })
}

fn refused(what: &str, answer: &Answer, status: u16, code: &str) {
    let body = String::from_utf8_lossy(&answer.bytes);
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{what}: {body}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{what}");
    assert!(
        problem["type"].is_string() && problem["title"].is_string() && problem["request_id"].is_string(),
        "{what}: {body}"
    );
}

/// Bodies that no route takes.
async fn bodies(http: &Http) -> Outcome {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let texts = [
        ("nothing", String::new(), "malformed_json"),
        ("half an object", "{\"lines\": [".to_owned(), "malformed_json"),
        ("two values", "{} {}".to_owned(), "malformed_json"),
        ("a member twice", "{\"lines\": [], \"lines\": []}".to_owned(), "malformed_json"),
        ("deep nesting", deep, "malformed_json"),
        ("no object", "[]".to_owned(), "invalid_field"),
        ("an unknown field", order_with("discount", json!(5)).to_string(), "unknown_field"),
        ("not UTF-8", "\u{fffd}".to_owned(), "malformed_json"),
    ];
    for (nth, (what, text, code)) in texts.into_iter().enumerate() {
        let text = if what == "not UTF-8" { b"\xff{}".to_vec() } else { text.into_bytes() };
        let ask = http.post("/orders").key(format!("bad/{nth}")).header("content-type", "application/json");
        refused(what, &ask.bytes(text).send().await?, 400, code);
    }
    for (path, limit) in [("/orders", 1024 * 1024), ("/products", 64 * 1024)] {
        let ask = http.post(path).key("bad/large").header("content-type", "application/json");
        refused("a body too large", &ask.announce(limit + 1).await?, 413, "body_too_large");
    }
    for content_type in ["text/plain", "application/xml", "application/json; charset=latin1"] {
        let ask = http.post("/orders").key("bad/type").header("content-type", content_type);
        let answer = ask.bytes(order_of(json!(1)).to_string()).send().await?;
        refused(content_type, &answer, 415, "unsupported_media_type");
    }
    let none = http.post("/orders").key("bad/type").bytes(order_of(json!(1)).to_string()).send().await?;
    refused("no content type", &none, 415, "unsupported_media_type");
    Ok(())
}

fn order_of(quantity: Value) -> Value {
    json!({"lines": [{"sku": "BAD", "quantity": quantity}], "payment": {"method": "on_account"}})
}

fn order_with(field: &str, value: Value) -> Value {
    let mut order = order_of(json!(1));
    order[field] = value;
    order
}

/// Orders that nobody can place.
async fn orders(http: &Http) -> Outcome {
    let place = |body: &Value| http.post("/orders").key("bad/order").wait(5).json(body).send();
    for quantity in ["0", "-1", "1.5", "1e3", "1000000001", "9223372036854775808", "1e400", "\"1\"", "null"] {
        let body = order_of(json!(1)).to_string().replace("\"quantity\":1", &format!("\"quantity\":{quantity}"));
        let ask = http.post("/orders").key("bad/quantity").header("content-type", "application/json");
        let answer = ask.bytes(body).send().await?;
        let code = answer.code();
        let expected = if code == "malformed_json" { "malformed_json" } else { "invalid_field" };
        refused(quantity, &answer, 400, expected);
    }
    let mut unknown = order_of(json!(1));
    unknown["lines"][0]["sku"] = json!("NOBODY-SELLS-THIS");
    let answer = place(&unknown).await?;
    refused("an unknown SKU", &answer, 409, "unknown_product");
    assert_eq!(answer.json()["errors"][0]["field"], "/lines/0/sku");
    unknown["lines"][0]["sku"] = json!("no sku");
    refused("no SKU", &place(&unknown).await?, 400, "invalid_field");
    refused("no lines", &place(&order_with("lines", json!([]))).await?, 400, "invalid_field");
    let nobody = order_with("payment", json!({"method": "promise"}));
    refused("an unknown method", &place(&nobody).await?, 400, "invalid_field");
    let mut negative = order_of(json!(1));
    negative["lines"][0]["unit_price"] = gbp(-1);
    refused("a price below 0", &place(&negative).await?, 400, "invalid_field");
    let mut huge = order_of(json!(1_000_000_000));
    huge["lines"][0]["unit_price"] = gbp(i64::MAX);
    refused("a sum beyond all money", &place(&huge).await?, 409, "amount_overflow");
    Ok(())
}

/// Stock that cannot be.
async fn stock(http: &Http) -> Outcome {
    let change = |delta: Value, reason: &str| {
        let body = json!({"delta": delta, "reason": reason});
        http.patch("/products/BAD/inventory").key("bad/stock").json(&body).send()
    };
    for (delta, reason) in
        [(json!(0), "adjusted"), (json!(-1), "received"), (json!(1), "written_off"), (json!(i64::MIN), "adjusted")]
    {
        let what = format!("{delta} {reason}");
        refused(&what, &change(delta, reason).await?, 400, "invalid_field");
    }
    refused("an unknown reason", &change(json!(1), "stolen").await?, 400, "invalid_field");
    refused("more than there is", &change(json!(-11), "written_off").await?, 409, "insufficient_stock");
    let nothing = http.patch("/products/NOT-THERE/inventory").key("bad/stock");
    let nothing = nothing.json(&json!({"delta": 1, "reason": "received"})).send().await?;
    refused("stock of nothing", &nothing, 404, "not_found");
    Ok(())
}

/// Requests that are wrong whatever their body says.
async fn requests(http: &Http) -> Outcome {
    let order = order_of(json!(1));
    refused("no key", &http.post("/orders").json(&order).send().await?, 400, "missing_idempotency_key");
    for key in ["a b", &"k".repeat(256)] {
        let answer = http.post("/orders").key(key).json(&order).send().await?;
        refused(key, &answer, 400, "invalid_idempotency_key");
    }
    refused("no such route", &http.get("/nowhere").send().await?, 404, "not_found");
    refused("no such order", &http.get("/orders/nothing").send().await?, 404, "not_found");
    let absent = http.get("/orders/00000000-0000-5000-8000-000000000000").send().await?;
    refused("no such order", &absent, 404, "not_found");
    let method = http.ask(hyper::Method::DELETE, "/orders").send().await?;
    refused("no such method", &method, 405, "method_not_allowed");
    for query in ["limit=0", "limit=101", "page=0", "limit=x", "cursor=%00", "status=lost"] {
        let answer = http.get(format!("/orders?{query}")).send().await?;
        refused(query, &answer, 400, &answer.code());
    }
    let unknown = http.get("/orders?colour=red").send().await?;
    refused("an unknown parameter", &unknown, 400, "unknown_field");
    Ok(())
}

/// Callers that nobody knows, or who may not.
async fn callers(system: &System) -> Outcome {
    let (staff, order) = (system.http(), order_of(json!(1)));
    let place = |http: Http| async move {
        http.post("/orders").key("bad/caller").wait(5).json(&order_of(json!(1))).send().await
    };
    refused("no token", &place(staff.with_token(None)).await?, 401, "unauthenticated");
    refused("no token at all", &place(staff.with_token(Some("x"))).await?, 401, "unauthenticated");
    let good = system.mint(&["--role", "staff"]).await?;
    let (head, signature) = good.rsplit_once('.').ok_or("no JWT")?;
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{other}{}", &signature[1..]);
    refused("a forged token", &place(staff.with_token(Some(&forged))).await?, 401, "unauthenticated");
    let elsewhere = tempfile::tempdir()?;
    let foreign = Keys::open_or_create(elsewhere.path())?.mint("staff", Role::Staff, Duration::from_secs(60))?;
    refused("a token of another shop", &place(staff.with_token(Some(&foreign))).await?, 401, "unauthenticated");
    let keys = Keys::open_or_create(&system.home().join("keys"))?;
    let old = keys.access.mint(&Role::Staff.held_by("staff"), Duration::from_secs(60), unix_now() - 3_600)?;
    refused("an expired token", &place(staff.with_token(Some(&old))).await?, 401, "token_expired");
    let customer = system.mint(&["--role", "customer"]).await?;
    refused("a customer", &place(staff.with_token(Some(&customer))).await?, 403, "forbidden");
    let unsigned = staff.with_token(Some("eyJhbGciOiJub25lIn0.e30."));
    refused("no algorithm", &unsigned.post("/orders").key("k").json(&order).send().await?, 401, "unauthenticated");
    Ok(())
}
