//! A customer who has to authenticate himself finds the way to his bank, whichever instance of payments is asked for it.

use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, System, own_serving, until};
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// All that a card needs but the role whose instances there are two of.
const REST: [&str; 8] = ["serve", "catalog", "inventory", "orders", "sandbox", "projectors", "query-api", "gateway"];
const PAYMENTS: [&str; 2] = ["serve", "payments"];
const ORDERS: usize = 4;
/// The door asks one instance after the other.
const ASKED: usize = 2;
const WITHIN: Duration = Duration::from_secs(20);

#[test]
fn the_way_to_the_bank_is_told_by_whichever_instance_of_payments_is_asked() -> Outcome {
    own_serving(&REST, |system| async move {
        let _payments = (system.serve(&PAYMENTS).await?, system.serve(&PAYMENTS).await?);
        add_product(&system.http(), "MUG", 500, 100).await?;
        let customer = system.mint(&["--role", "customer", "--user", &Uuid::from_u128(42).to_string()]).await?;
        let customer = system.http_of(&customer);
        let mut body = order_of(&[("MUG", 1)]);
        body["payment"] = json!({"method": "card", "token": "pm_card_threeDSecure2Required"});
        let (mut orders, mut actions) = (Vec::new(), Vec::new());
        for nth in 0..ORDERS {
            let asked = place(&customer, &format!("act/{nth}"), &body).send().await?.expect_status(202)?.json();
            let action = text(&asked["payment"], "action").strip_prefix("/api/v1").ok_or("no way to act")?.to_owned();
            orders.push(text(&asked, "id").to_owned());
            actions.push(action);
        }
        for _ in 0..ASKED {
            for action in &actions {
                let page = until("the page may be asked for", WITHIN, || async {
                    let told = customer.get(action).send().await?;
                    if told.status == 429 {
                        assert_eq!((told.code().as_str(), told.header("retry-after")), ("rate_limited", "1"));
                        return Ok(None);
                    }
                    Ok(Some(told.expect_status(200)?.json()))
                })
                .await?;
                assert!(text(&page, "url").contains("/sandbox/"), "{page}");
            }
        }
        strangers_are_told_nothing(&system, &actions).await?;
        // What is called off is nobody's turn any more, and still his.
        customer
            .post(format!("/orders/{}/cancel", orders[0]))
            .json(&json!({}))
            .wait(20)
            .send()
            .await?
            .expect_status(200)?;
        let over = customer.get(&actions[0]).send().await?.expect_status(409)?;
        assert_eq!(over.code(), "no_action_needed");
        strangers_are_told_nothing(&system, &actions[..1]).await
    })
}

/// Of no payment, and of none sooner or later: both at once, however long they wish to wait.
async fn strangers_are_told_nothing(system: &System, actions: &[String]) -> Outcome {
    let stranger = system.mint(&["--role", "customer", "--user", &Uuid::from_u128(43).to_string()]).await?;
    let stranger = system.http_of(&stranger);
    let nobodys = format!("/payments/{}/action", Uuid::from_u128(44));
    for action in actions.iter().chain([&nobodys]) {
        let begun = Instant::now();
        stranger.get(action).wait(30).send().await?.expect_status(404)?;
        assert!(begun.elapsed() < WITHIN, "{action}: {:?}", begun.elapsed());
    }
    Ok(())
}
