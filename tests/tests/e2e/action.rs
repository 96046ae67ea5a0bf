//! A customer who has to authenticate himself finds the way to his bank, whichever instance of payments is asked for it.

use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, own_serving};
use serde_json::json;
use uuid::Uuid;

/// All that a card needs but the role whose instances there are two of.
const REST: [&str; 8] = ["serve", "catalog", "inventory", "orders", "sandbox", "projectors", "query-api", "gateway"];
const PAYMENTS: [&str; 2] = ["serve", "payments"];
const ORDERS: usize = 4;
/// The door asks one instance after the other.
const ASKED: usize = 4;

#[test]
fn the_way_to_the_bank_is_told_by_whichever_instance_of_payments_is_asked() -> Outcome {
    own_serving(&REST, |system| async move {
        let _payments = (system.serve(&PAYMENTS).await?, system.serve(&PAYMENTS).await?);
        add_product(&system.http(), "MUG", 500, 100).await?;
        let customer = system.mint(&["--role", "customer", "--user", &Uuid::from_u128(42).to_string()]).await?;
        let customer = system.http_of(&customer);
        let mut body = order_of(&[("MUG", 1)]);
        body["payment"] = json!({"method": "card", "token": "pm_card_threeDSecure2Required"});
        for nth in 0..ORDERS {
            let asked = place(&customer, &format!("act/{nth}"), &body).send().await?.expect_status(202)?.json();
            let action = text(&asked["payment"], "action").strip_prefix("/api/v1").ok_or("no way to act")?.to_owned();
            for _ in 0..ASKED {
                let page = customer.get(&action).send().await?.expect_status(200)?.json();
                assert!(text(&page, "url").contains("/sandbox/"), "{page}");
            }
        }
        Ok(())
    })
}
