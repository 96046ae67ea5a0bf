//! What a client can rely on when it reads.

use crate::shop::{add_product, gbp, order_of, place, stock_of, text};
use e2e::{Outcome, shared};
use serde_json::json;

#[test]
fn read_your_own_write() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        for nth in 0..20 {
            let sku = format!("READ-{nth}");
            let tokens = add_product(&http, &sku, 100, 7).await?;
            assert_eq!(stock_of(&http, &sku, &tokens).await?["on_hand"], 7, "{sku}");
            let placed =
                place(&http, &format!("read/{nth}"), &order_of(&[(&sku, 2)])).send().await?.expect_status(201)?;
            // The order's token covers what the stock items answered.
            assert_eq!(stock_of(&http, &sku, &placed.token()).await?["available"], 5, "{sku}");
            let path = format!("/orders/{}", text(&placed.json(), "id"));
            let order = http.get(&path).token(placed.token()).send().await?.expect_status(200)?;
            assert_eq!(order.json()["status"], "confirmed");
            let history = http.get(format!("{path}/history")).token(placed.token()).send().await?.expect_status(200)?;
            let types: Vec<_> = history.json()["items"].as_array().cloned().unwrap_or_default();
            assert_eq!(types.first().map(|event| text(event, "type").to_owned()).as_deref(), Some("order.placed.v2"));
            // Its invoice's number may have come meanwhile.
            assert!(types.iter().any(|event| text(event, "type") == "order.confirmed.v1"), "{types:?}");
        }
        Ok(())
    })
}

#[test]
fn a_token_that_was_not_made_here_is_refused_at_once() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        let body = json!({"sku": "TOKEN", "name": "Token", "price": gbp(100)});
        let token = http.post("/products").json(&body).send().await?.expect_status(201)?.token();
        let middle = token.len() / 2;
        let other = if token[middle..].starts_with('x') { 'y' } else { 'x' };
        let changed = format!("{}{other}{}", &token[..middle], &token[middle + 1..]);
        let cut = &token[..token.len() - 4];
        for wrong in ["x", changed.as_str(), cut] {
            let answer = http.get("/products/TOKEN").token(wrong).wait(30).send().await?;
            assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_token"), "{wrong}");
        }
        http.get("/products/TOKEN").token(token).send().await?.expect_status(200)?;
        Ok(())
    })
}

#[test]
fn what_a_client_has_already_is_not_sent_again() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        let token = add_product(&http, "ETAG", 100, 1).await?;
        let first = http.get("/products/ETAG").token(token).send().await?.expect_status(200)?;
        let etag = first.header("etag").to_owned();
        let again = http.get("/products/ETAG").header("if-none-match", &etag).send().await?.expect_status(304)?;
        assert!(again.bytes.is_empty());
        let body = json!({"name": "Other", "price": gbp(100)});
        let changed = http.put("/products/ETAG").json(&body).send().await?.expect_status(200)?;
        let other = http.get("/products/ETAG").token(changed.token()).header("if-none-match", &etag).send().await?;
        assert_eq!(other.expect_status(200)?.json()["name"], "Other");
        Ok(())
    })
}

#[test]
fn if_match() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        let body = |name: &str| json!({"name": name, "price": gbp(100)});
        let added = json!({"sku": "MATCH", "name": "First", "price": gbp(100)});
        let added = http.post("/products").key("match/1").json(&added).send().await?.expect_status(201)?;
        assert_eq!(added.header("etag"), "\"1\"");
        let change = |tag: &str, name: &str| http.put("/products/MATCH").header("if-match", tag).json(&body(name));
        let changed = change("\"1\"", "Second").key("match/2").send().await?.expect_status(200)?;
        assert_eq!(changed.header("etag"), "\"2\"");
        let late = change("\"1\"", "Third").send().await?;
        assert_eq!((late.status, late.code().as_str()), (412, "version_mismatch"));
        let again = change("\"1\"", "Second").key("match/2").send().await?.expect_status(200)?;
        assert_eq!(again.json(), changed.json(), "a repeat is answered, whatever the version is by now");

        // The tag of a read serves as well: its version stands before the dot.
        let read = http.get("/products/MATCH").token(changed.token()).send().await?.expect_status(200)?;
        let tag = read.header("etag").to_owned();
        change(&tag, "Fourth").send().await?.expect_status(200)?;
        let malformed = change("2", "Fifth").send().await?;
        assert_eq!((malformed.status, malformed.code().as_str()), (400, "invalid_header"));
        Ok(())
    })
}
