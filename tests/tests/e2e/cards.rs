//! Orders that are paid by card, through the door, with the sandbox as provider: sold and taken, declined, authenticated,
//! called off, given back in parts; whatever happens, the order and its payment say the same.

use crate::carts::put;
use crate::shop::{add_product, gbp, order_of, place, text};
use e2e::{Answer, Http, Outcome, System, own, until};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

const WITHIN: Duration = Duration::from_secs(30);
/// What is waited at a checkout for the cart to be open again.
const OPEN_WITHIN: Duration = Duration::from_secs(2);
const GOOD: &str = "pm_card_visa";
const WANTS_ACTION: &str = "pm_card_threeDSecure2Required";

#[test]
fn orders_are_paid_by_card() -> Outcome {
    own(|system| async move {
        let user = Uuid::from_u128(42).to_string();
        let token = system.mint(&["--role", "customer", "--user", &user]).await?;
        let stranger = system.mint(&["--role", "customer", "--user", &Uuid::from_u128(43).to_string()]).await?;
        let shop =
            Shop { staff: system.http(), buyer: system.http_of(&token), other: system.http_of(&stranger), system };
        add_product(&shop.staff, "MUG", 500, 100).await?;
        shop.what_is_bought_is_taken_and_invoiced(&user).await?;
        shop.what_cannot_be_paid_is_not_sold().await?;
        shop.fifty_identical_checkouts_are_one_order().await?;
        shop.a_customer_authenticates_himself_or_thinks_better_of_it().await?;
        shop.an_old_checkout_does_not_wait_for_a_newer_one().await?;
        shop.what_was_paid_goes_back_in_parts().await?;
        shop.what_was_paid_and_is_called_off_goes_back().await?;
        shop.what_the_provider_refuses_to_give_back_is_told().await?;
        shop.customers_say_only_what_is_theirs_to_say().await
    })
}

struct Shop {
    staff: Http,
    buyer: Http,
    other: Http,
    system: System,
}

fn by_card(card: &str, pieces: i64) -> Value {
    let mut body = order_of(&[("MUG", pieces)]);
    body["payment"] = json!({"method": "card", "token": card});
    body
}

impl Shop {
    async fn buy(&self, key: &str, card: &str, pieces: i64) -> Outcome<Answer> {
        place(&self.buyer, key, &by_card(card, pieces)).send().await
    }

    /// An order that is sold and paid.
    async fn bought(&self, key: &str, pieces: i64) -> Outcome<Value> {
        let order = self.buy(key, GOOD, pieces).await?.expect_status(201)?.json();
        assert_eq!((text(&order, "status"), text(&order["payment"], "status")), ("confirmed", "captured"), "{order}");
        Ok(order)
    }

    async fn order(&self, id: &str) -> Outcome<Value> {
        Ok(self.staff.get(format!("/orders/{id}")).send().await?.expect_status(200)?.json())
    }

    async fn becomes(&self, id: &str, payment: &str) -> Outcome<Value> {
        until("the order is paid like that", WITHIN, || async {
            let order = self.order(id).await?;
            Ok((text(&order["payment"], "status") == payment).then_some(order))
        })
        .await
    }

    /// What the payment says of itself.
    async fn payment(&self, order: &Value) -> Outcome<Value> {
        let path = format!("/payments/{}", text(&order["payment"], "id"));
        self.system.caught_up().await?;
        Ok(self.staff.get(path).send().await?.expect_status(200)?.json())
    }

    async fn what_is_bought_is_taken_and_invoiced(&self, user: &str) -> Outcome {
        let order = self.bought("good", 2).await?;
        assert_eq!((text(&order, "user_id"), text(&order["payment"], "method")), (user, "card"));
        let payment = self.payment(&order).await?;
        assert_eq!((text(&payment, "status"), &payment["captured"]), ("captured", &gbp(1_000)));
        let read = self.order(text(&order, "id")).await?;
        assert_eq!((&read["payment"], &read["user_id"]), (&order["payment"], &order["user_id"]));
        let invoiced = || self.events(&order, "order.invoiced.v1");
        until("it is invoiced", WITHIN, || async { Ok((invoiced().await? == 1).then_some(())) }).await
    }

    async fn events(&self, order: &Value, kind: &str) -> Outcome<usize> {
        let path = format!("/orders/{}/history", text(order, "id"));
        let history = self.staff.get(path).send().await?.expect_status(200)?.json();
        let items = history["items"].as_array().ok_or("no history")?;
        Ok(items.iter().filter(|event| event["type"] == kind).count())
    }

    async fn stock(&self) -> Outcome<Value> {
        self.system.caught_up().await?;
        Ok(self.staff.get("/products/MUG/inventory").send().await?.expect_status(200)?.json())
    }

    async fn what_cannot_be_paid_is_not_sold(&self) -> Outcome {
        let before = self.stock().await?;
        for (card, code) in [
            ("pm_card_visa_chargeDeclinedInsufficientFunds", "payment_declined"),
            ("pm_sandbox_cannot_be_captured", "payment_failed"),
        ] {
            let refused = self.buy(card, card, 1).await?.expect_status(409)?;
            assert_eq!(refused.code(), code, "{}", refused.json());
            let id = text(&refused.json(), "order_id").to_owned();
            let order = until("it is read", WITHIN, || async {
                let read = self.staff.get(format!("/orders/{id}")).send().await?;
                Ok((read.status == 200 && text(&read.json(), "status") == "cancelled").then(|| read.json()))
            })
            .await?;
            assert_eq!(text(&order["payment"], "status"), "voided");
        }
        assert_eq!(self.stock().await?["available"], before["available"]);
        let mut changed = by_card(GOOD, 1);
        changed["lines"][0]["expected_unit_price"] = gbp(499);
        let changed = place(&self.buyer, "changed", &changed).send().await?.expect_status(409)?;
        assert_eq!(
            (changed.code().as_str(), changed.json()["errors"].as_array().map(Vec::len)),
            ("price_changed", Some(1))
        );
        let rehearsed = self.buyer.post("/orders?dry_run=true").key("rehearsed").json(&by_card(GOOD, 1)).send().await?;
        assert_eq!(text(&rehearsed.expect_status(200)?.json()["payment"], "status"), "pending");
        Ok(())
    }

    async fn fifty_identical_checkouts_are_one_order(&self) -> Outcome {
        let orders = try_join_all((0..50).map(|_| self.buy("fifty", GOOD, 1))).await?;
        let ids: std::collections::BTreeSet<String> =
            orders.iter().map(|order| text(&order.json(), "id").to_owned()).collect();
        assert_eq!((ids.len(), orders.iter().filter(|order| order.status == 201).count()), (1, 50));
        let order = self.becomes(ids.first().ok_or("no order")?, "captured").await?;
        assert_eq!(self.payment(&order).await?["captured"], gbp(500));
        Ok(())
    }

    async fn a_customer_authenticates_himself_or_thinks_better_of_it(&self) -> Outcome {
        let asked = self.buy("action", WANTS_ACTION, 1).await?.expect_status(202)?.json();
        assert_eq!((text(&asked, "status"), text(&asked["payment"], "status")), ("requires_action", "requires_action"));
        let id = text(&asked, "id").to_owned();
        let action = text(&asked["payment"], "action").strip_prefix("/api/v1").ok_or("no way to act")?.to_owned();
        let page = self.buyer.get(&action).send().await?.expect_status(200)?.json();
        let (base, path) = text(&page, "url").split_at(text(&page, "url").find("/sandbox/").ok_or("no page")?);
        Http::at_root(base).post(path).bytes("outcome=pass").send().await?;
        let order = self.becomes(&id, "captured").await?;
        assert_eq!(text(&order, "status"), "confirmed");
        let other = self.buy("thinks", WANTS_ACTION, 1).await?.expect_status(202)?.json();
        let cancel = format!("/orders/{}/cancel", text(&other, "id"));
        let strangers = self.other.post(&cancel).key("no").json(&json!({}));
        strangers.clone().send().await?.expect_status(404)?;
        strangers.header("if-match", "\"99\"").send().await?.expect_status(404)?;
        let off =
            self.buyer.post(&cancel).key("off").wait(30).json(&json!({})).send().await?.expect_status(200)?.json();
        assert_eq!((text(&off, "status"), text(&off["payment"], "status")), ("cancelled", "voided"));
        assert_eq!(text(&self.payment(&other).await?, "status"), "voided");
        Ok(())
    }

    /// Of the same cart, whose customer has not authenticated himself for what he put in since.
    async fn an_old_checkout_does_not_wait_for_a_newer_one(&self) -> Outcome {
        let buy = async |key: &str, card: &str| {
            let body = json!({"from_cart": true, "payment": {"method": "card", "token": card}});
            self.buyer.post("/orders").key(key).wait(30).json(&body).send().await
        };
        put(&self.buyer, "MUG", 1).send().await?.expect_status(200)?;
        let bought = buy("the-cart", GOOD).await?.expect_status(201)?.json();
        put(&self.buyer, "MUG", 2).send().await?.expect_status(200)?;
        let newer = buy("the-next-cart", WANTS_ACTION).await?.expect_status(202)?.json();
        // If it waited, each would take longer than that, however fast the machine; one that does not has not waited.
        until("it does not wait for the newer one", WITHIN, || async {
            let begun = Instant::now();
            let again = buy("the-cart", GOOD).await?.expect_status(201)?.json();
            assert_eq!(text(&again, "id"), text(&bought, "id"));
            Ok((begun.elapsed() < OPEN_WITHIN).then_some(()))
        })
        .await?;
        let path = format!("/orders/{}/cancel", text(&newer, "id"));
        self.buyer.post(path).key("the-next-cart").wait(30).json(&json!({})).send().await?.expect_status(200).map(drop)
    }

    async fn what_was_paid_goes_back_in_parts(&self) -> Outcome {
        let id = text(&self.bought("parts", 3).await?, "id").to_owned();
        let refund = |key: &'static str, body: Value| {
            self.staff.post(format!("/orders/{id}/refunds")).key(key).wait(30).json(&body).send()
        };
        // Each at once after the one before: it waits for the number of the invoice, then for that of the credit note.
        refund("one", json!({"amount": gbp(123), "reason": "late"})).await?.expect_status(201)?;
        let again = refund("one", json!({"amount": gbp(123), "reason": "late"})).await?.expect_status(201)?.json();
        assert_eq!(again["refunded"], gbp(123), "a repeat gives nothing back");
        self.staff.post(format!("/orders/{id}/fulfilments")).key("out").wait(30).send().await?.expect_status(201)?;
        let take_back = json!({"lines": [{"sku": "MUG", "quantity": 1}], "restock": true, "reason": "broken"});
        let ask = self.staff.post(format!("/orders/{id}/returns")).key("back").wait(30).json(&take_back);
        let returned = ask.send().await?.expect_status(201)?.json();
        assert_eq!((&returned["refunded"], text(&returned["payment"], "status")), (&gbp(623), "partially_refunded"));
        let too_much = refund("too-much", json!({"amount": gbp(900), "reason": "late"})).await?.expect_status(409)?;
        assert_eq!(too_much.code(), "exceeds_captured");
        let order = self.becomes(&id, "partially_refunded").await?;
        assert_eq!(self.payment(&order).await?["refunded"], gbp(623));
        Ok(())
    }

    async fn what_was_paid_and_is_called_off_goes_back(&self) -> Outcome {
        let order = self.bought("regret", 1).await?;
        let cancel = format!("/orders/{}/cancel", text(&order, "id"));
        let off =
            self.buyer.post(cancel).key("regret").wait(30).json(&json!({})).send().await?.expect_status(200)?.json();
        assert_eq!((text(&off["payment"], "status"), &off["refunded"]), ("refunded", &gbp(500)));
        assert_eq!(text(&self.payment(&order).await?, "status"), "refunded");
        Ok(())
    }

    async fn what_the_provider_refuses_to_give_back_is_told(&self) -> Outcome {
        let order = self.buy("kept", "pm_sandbox_cannot_be_refunded", 1).await?.expect_status(201)?.json();
        let path = format!("/orders/{}/refunds", text(&order, "id"));
        let ask = self.staff.post(path).key("kept").wait(30).json(&json!({"amount": gbp(100), "reason": "late"}));
        for _ in 0..2 {
            let refused = ask.clone().send().await?.expect_status(409)?;
            assert_eq!((refused.code().as_str(), refused.token().is_empty()), ("refund_refused", false));
        }
        assert_eq!(self.order(text(&order, "id")).await?["refunded"], gbp(0));
        Ok(())
    }

    async fn customers_say_only_what_is_theirs_to_say(&self) -> Outcome {
        let on_account = order_of(&[("MUG", 1)]);
        let mut priced = by_card(GOOD, 1);
        priced["lines"][0]["unit_price"] = gbp(1);
        for (key, body) in [("account", on_account), ("priced", priced)] {
            assert_eq!(place(&self.buyer, key, &body).send().await?.status, 403, "{key}");
        }
        Ok(())
    }
}
