//! Everybody's books, read when all has come to rest: the API's orders, payments, documents and stock, the provider's
//! ledger, and the stories of carts and shelves in the log.

use super::{Customer, SKUS, Shop};
use crate::shop::{all, text};
use e2e::{Outcome, System};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What stands where.
pub struct Books {
    /// By id.
    orders: BTreeMap<String, Value>,
    payments: BTreeMap<String, Value>,
    /// By the payment's id: held, and taken without what went back.
    bank: BTreeMap<String, (i64, i64)>,
    /// By order: invoiced without what was credited.
    papers: BTreeMap<String, i64>,
}

fn minor(money: &Value) -> i64 {
    money["amount"].as_i64().unwrap_or_default()
}

impl Books {
    /// Of the orders that anybody was told, which must be all.
    pub async fn read(shop: &Shop, told: &BTreeSet<String>) -> Outcome<Self> {
        let by_id = |all: Vec<Value>| all.into_iter().map(|one| (text(&one, "id").to_owned(), one)).collect();
        let orders: BTreeMap<String, Value> = by_id(all(&shop.staff, "/orders").await?);
        let untold: Vec<_> = orders.keys().filter(|id| !told.contains(*id)).collect();
        // The first one, by which the provider was found.
        assert!(untold.len() == 1 && told.iter().all(|id| orders.contains_key(id)), "{untold:?}");
        let mut bank = BTreeMap::<String, (i64, i64)>::new();
        for intent in shop.intents().await? {
            let sum = |of: &str| intent[of].as_i64().unwrap_or_default();
            let (held, taken) = bank.entry(text(&intent, "payment").to_owned()).or_default();
            (*held, *taken) = (*held + sum("held"), *taken + sum("received") - sum("refunded"));
        }
        let mut payments = BTreeMap::new();
        for order in orders.values() {
            let id = text(&order["payment"], "id").to_owned();
            let told = shop.staff.get(format!("/payments/{id}")).send().await?;
            // One that was sold out before anybody asked for its money has no payment.
            if told.status != 404 {
                payments.insert(id, told.expect_status(200)?.json());
            }
        }
        let mut papers = BTreeMap::new();
        for document in all(&shop.staff, "/invoices").await? {
            let sign = if text(&document, "kind") == "invoice" { 1 } else { -1 };
            *papers.entry(text(&document, "order_id").to_owned()).or_default() +=
                sign * minor(&document["totals"]["gross"]);
        }
        Ok(Self { orders, payments, bank, papers })
    }

    /// That they all say the same.
    pub async fn agree(&self, shop: &Shop) -> Outcome {
        let mut ends = BTreeMap::<String, u32>::new();
        for (id, order) in &self.orders {
            *ends.entry(self.assert_is_over(id, order)).or_default() += 1;
        }
        eprintln!("{ends:?}");
        try_join_all(SKUS.map(|sku| self.pieces_are_where_they_should_be(shop, sku))).await?;
        try_join_all(shop.customers.iter().map(|customer| self.carts_were_bought_once(&shop.system, customer))).await?;
        let told = shop.system.run(&["payments", "reconcile", "--json"]).await?;
        let reconciled: Value = serde_json::from_str(&told.out)?;
        assert_eq!((&reconciled["differences"], &reconciled["under_way"]), (&json!([]), &json!(0)), "{reconciled}");
        let doctor = shop.system.run(&["doctor", "--json"]).await?;
        assert_eq!(doctor.code, Some(0), "{doctor:?}");
        self.something_of_each_happened(&ends);
        for line in shop.system.run(&["saga", "list", "--stuck", "--json"]).await?.out.lines() {
            let saga: Value = serde_json::from_str(line)?;
            assert_eq!(saga["stuck"]["code"], "charge_disputed", "what the sandbox says to a refund: {saga}");
        }
        Ok(())
    }

    /// Books agree as well where everything was refused.
    fn something_of_each_happened(&self, ends: &BTreeMap<String, u32>) {
        let some = |is: fn(&Value) -> bool| self.orders.values().any(is);
        let left = some(|order| order["status"] == "fulfilled");
        let came_back = some(|order| order["status"] != "cancelled" && minor(&order["refunded"]) > 0);
        let called_off = ends.keys().any(|end| end.starts_with("cancelled"));
        assert!(left && came_back && called_off, "hardly anything happened: {ends:?}");
    }

    /// How it ended. Money is where the order says.
    fn assert_is_over(&self, id: &str, order: &Value) -> String {
        let payment = text(&order["payment"], "id");
        let (held, taken) = self.bank.get(payment).copied().unwrap_or_default();
        let owed = self.papers.get(id).copied().unwrap_or_default();
        let (gross, refunded) = (minor(&order["totals"]["gross"]), minor(&order["refunded"]));
        assert_eq!(held, 0, "money of an order that is over is held: {order}");
        let status = text(order, "status");
        let in_the_log =
            self.payments.get(payment).map_or(0, |paid| minor(&paid["captured"]) - minor(&paid["refunded"]));
        assert_eq!(in_the_log, taken, "{order} {:?}", self.payments.get(payment));
        match status {
            "confirmed" | "fulfilled" => {
                assert_eq!((taken, owed), (gross - refunded, gross - refunded), "{order}");
                assert!(!keeps_for_nobody(order), "{order}");
                status.to_owned()
            }
            "cancelled" => {
                assert_eq!((taken, owed), (0, 0), "{order}");
                format!("cancelled: {}", text(&order["cancellation"], "code"))
            }
            // Whoever does not give back what he was told to is for people.
            "stuck" => {
                assert_eq!(taken, gross, "{order}");
                let paid = &self.payments[payment];
                assert_eq!((text(paid, "status"), minor(&paid["refunded"])), ("captured", 0), "{paid}");
                "stuck".to_owned()
            }
            other => panic!("{other}: {order}"),
        }
    }

    /// What is on the shelf is what was there, without what has left and with what came back; never less than nothing.
    async fn pieces_are_where_they_should_be(&self, shop: &Shop, sku: &str) -> Outcome {
        let level = |levels: &Value, name: &str| levels[name].as_i64().unwrap_or_default();
        let (mut left, mut owed) = (0, 0);
        for order in self.orders.values().filter(|order| ["confirmed", "fulfilled"].contains(&text(order, "status"))) {
            for line in order["lines"].as_array().into_iter().flatten().filter(|line| line["sku"] == sku) {
                let out = line["fulfilled"].as_i64().unwrap_or_default();
                // What did not leave of an order that is fulfilled was paid back.
                let to_come = if order["status"] == "fulfilled" { 0 } else { level(line, "quantity") - out };
                (left, owed) = (left + out, owed + to_come);
            }
        }
        let events = story(&shop.system, "stock-item", sku).await?;
        let mut back = 0;
        for event in &events {
            let levels = &event["data"]["levels"];
            let (on_hand, reserved, committed) =
                (level(levels, "on_hand"), level(levels, "reserved"), level(levels, "committed"));
            assert!(reserved >= 0 && committed >= 0 && on_hand >= reserved + committed, "{event}");
            if text(&event["data"], "note").starts_with("return ") {
                back += level(&event["data"], "quantity");
            }
        }
        let stock = shop.staff.get(format!("/products/{sku}/inventory")).send().await?.expect_status(200)?.json();
        let levels = (level(&stock, "on_hand"), level(&stock, "reserved"), level(&stock, "committed"));
        assert_eq!(levels, (shop.pieces - left + back, 0, owed), "{sku}: {stock}");
        Ok(())
    }

    /// Each checkout has an order of its own, and each order a checkout; each was sold, or the cart opened again.
    async fn carts_were_bought_once(&self, system: &System, customer: &Customer) -> Outcome {
        let cart = customer.http.get("/cart").send().await?.expect_status(200)?.json();
        assert_eq!(cart["order_id"], Value::Null, "a cart that nobody gets back: {cart}");
        let user = &customer.id.to_string();
        let (mut made, mut under_way) = (BTreeSet::new(), None);
        for event in story(system, "cart", user).await? {
            let order = text(&event["data"], "order_id").to_owned();
            match text(&event, "type") {
                "cart.checked-out.v1" => {
                    assert_eq!(under_way.replace(order.clone()), None, "checked out twice: {event}");
                    assert!(made.insert(order), "two checkouts, one order: {event}");
                }
                kind @ ("cart.bought.v1" | "cart.reopened.v1") => {
                    assert_eq!(under_way.take().as_ref(), Some(&order), "{event}");
                    let off = text(&self.orders[&order], "status") == "cancelled";
                    assert!(off || kind == "cart.bought.v1", "open again, and sold: {event}");
                }
                _ => assert_eq!(under_way, None, "changed while it was bought: {event}"),
            }
        }
        assert_eq!(under_way, None, "{user} waits for his cart");
        let his = self.orders.iter().filter(|(_, order)| text(order, "user_id") == user.as_str());
        assert_eq!(his.map(|(id, _)| id.clone()).collect::<BTreeSet<_>>(), made);
        Ok(())
    }
}

/// Whether it was paid back whole and nothing of it has left: what it holds is held for nobody.
pub fn keeps_for_nobody(order: &Value) -> bool {
    let mut lines = order["lines"].as_array().into_iter().flatten();
    order["status"] == "confirmed"
        && order["refunded"] == order["totals"]["gross"]
        && lines.all(|line| line["fulfilled"].is_null())
}

/// The events of an aggregate, from the log.
async fn story(system: &System, aggregate: &str, id: &str) -> Outcome<Vec<Value>> {
    let shown = system.run(&["aggregate", "show", aggregate, id, "--json"]).await?;
    let story: Value = serde_json::from_str(&shown.out).map_err(|_| format!("{shown:?}"))?;
    Ok(story["events"].as_array().ok_or("no events")?.clone())
}
