//! `tillroll saga`: an order that is stuck for a real reason is found, asked again in vain, mended, and goes on.

use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, System, by_hand, shared, until};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const WITHIN: Duration = Duration::from_secs(20);

async fn committed_is(system: &System, sku: &str, pieces: i64) -> Outcome {
    let http = system.http();
    until("the stock item has done it", WITHIN, || {
        let ask = http.get(format!("/products/{sku}/inventory"));
        async move { Ok((ask.send().await?.json()["committed"] == pieces).then_some(())) }
    })
    .await
}

/// A confirmed order whose pieces somebody else has taken; its id.
async fn order_without_pieces(system: &System, sku: &str) -> Outcome<String> {
    let http = system.http();
    add_product(&http, sku, 100, 5).await?;
    let order = place(&http, &format!("{sku}/1"), &order_of(&[(sku, 2)])).send().await?.expect_status(201)?;
    let id = text(&order.json(), "id").to_owned();
    let taken = json!({"order_id": id, "fulfilment_id": Uuid::from_u128(5), "quantity": 2});
    by_hand(system, sku, "stock-item.fulfil", &taken).await?;
    committed_is(system, sku, 0).await?;
    Ok(id)
}

async fn stuck(system: &System, id: &str) -> Outcome<Option<Value>> {
    let listed = system.run(&["saga", "list", "--stuck", "--json"]).await?;
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let sagas: Vec<Value> = listed.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok(sagas.into_iter().find(|saga| text(saga, "id") == id))
}

/// What an order's history says that she has done.
async fn history_by_maria(system: &System, id: &str) -> Outcome<Vec<Value>> {
    system.caught_up().await?;
    let history = system.http().get(format!("/orders/{id}/history")).send().await?.expect_status(200)?.json();
    let items = history["items"].as_array().ok_or("no history")?;
    Ok(items.iter().filter(|event| event["actor"] == "maria").cloned().collect())
}

#[test]
fn an_order_that_is_stuck_is_found_retried_and_goes_on() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        let id = order_without_pieces(&system, "SAGA-1").await?;
        assert_eq!(stuck(&system, &id).await?, None);
        let path = format!("/orders/{id}/fulfilments");
        let asked = http.post(path).key("saga/fulfil").wait(30).json(&json!({})).send().await?.expect_status(202)?;
        assert_eq!(asked.json()["status"], "stuck");

        let found = stuck(&system, &id).await?.ok_or("it is not listed")?;
        assert_eq!((text(&found, "step"), &found["waits_for"]), ("fulfil", &json!(["SAGA-1"])));
        assert_eq!(found["stuck"]["code"], "not_committed");
        let shown = system.run(&["saga", "show", &id]).await?;
        assert!(shown.out.contains("not_committed") && shown.out.contains("tillroll saga retry"), "{shown:?}");

        let retried = system.run(&["saga", "retry", &id, "--as", "maria"]).await?;
        assert_eq!(retried.code, Some(1), "nothing was mended yet: {retried:?}");
        assert!(retried.err.contains("still_stuck") && retried.err.contains("not_committed"), "{retried:?}");

        let back = json!({"order_id": id, "quantity": 2});
        by_hand(&system, "SAGA-1", "stock-item.commit", &back).await?;
        committed_is(&system, "SAGA-1", 2).await?;
        let retried = system.run(&["saga", "retry", &id, "--as", "maria", "--reason", "they are back"]).await?;
        assert!(retried.code == Some(0) && retried.out.contains("fulfilled"), "{retried:?}");
        assert_eq!(stuck(&system, &id).await?, None);

        let by_maria = history_by_maria(&system, &id).await?;
        assert_eq!(by_maria.len(), 2, "{by_maria:?}");
        assert!(by_maria.iter().all(|event| event["type"] == "order.step-retried.v1"));
        assert_eq!(by_maria[1]["data"]["reason"], "they are back");
        let read = http.get(format!("/orders/{id}")).send().await?.expect_status(200)?.json();
        assert_eq!(read["status"], "fulfilled");

        let late = system.run(&["saga", "retry", &id]).await?;
        assert_eq!(late.code, Some(1));
        assert!(late.err.contains("not_stuck"), "{late:?}");
        Ok(())
    })
}

#[test]
fn an_order_that_is_stuck_is_given_up_or_seen_to_for_a_reason() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        let (given_up, seen_to) = ("order.compensation-started.v1", "order.step-completed.v1");
        let by_operator = json!({"code": "compensated_by_operator", "detail": "counted by hand"});
        let given_up = ("SAGA-2", "compensate", "cancelled", given_up, by_operator);
        let seen_to = ("SAGA-3", "complete", "fulfilled", seen_to, json!("counted by hand"));
        for (sku, action, status, event, said) in [given_up, seen_to] {
            let id = order_without_pieces(&system, sku).await?;
            let path = format!("/orders/{id}/fulfilments");
            let asked = http.post(path).key(format!("{sku}/fulfil")).wait(30).json(&json!({})).send().await?;
            assert_eq!(asked.expect_status(202)?.json()["status"], "stuck");
            let without = system.run(&["saga", action, &id]).await?;
            assert_eq!(without.code, Some(2), "a reason is asked for: {without:?}");
            let done = system.run(&["saga", action, &id, "--as", "maria", "--reason", "counted by hand"]).await?;
            assert!(done.code == Some(0) && done.out.contains(status), "{done:?}");
            assert_eq!(stuck(&system, &id).await?, None);
            let by_maria = history_by_maria(&system, &id).await?;
            let told: Vec<_> = by_maria.iter().map(|event| (text(event, "type"), &event["data"]["reason"])).collect();
            assert_eq!(told, [(event, &said)], "{action}");
        }
        Ok(())
    })
}

#[test]
fn only_operators_mend_orders() -> Outcome {
    shared(|system| async move {
        let nobodys = format!("/orders/{}/saga", Uuid::from_u128(1));
        for action in ["retry", "compensate", "complete"] {
            let body = json!({"reason": "why not"});
            let ask = |http: &e2e::Http| http.post(format!("{nobodys}/{action}")).json(&body).send();
            assert_eq!(ask(&system.http()).await?.status, 403, "staff");
            let operator = system.mint(&["--role", "operator"]).await?;
            let told = ask(&system.http_of(&operator)).await?;
            assert_eq!((told.status, told.code().as_str()), (404, "not_found"));
        }
        Ok(())
    })
}
